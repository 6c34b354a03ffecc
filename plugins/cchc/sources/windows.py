"""The window of an extract as a source wants it written: instants, days, seconds since 1970, or a pattern of strftime."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

from cchc.sources.landing import Window
from cchc.sources.profile_types import Paginator, Profile

EVERYTHING_FROM = date(2000, 1, 1)
_FINER = (("%f", timedelta(microseconds=1)), ("%S", timedelta(seconds=1)), ("%M", timedelta(minutes=1)), ("%H", timedelta(hours=1)))


def is_day(times: str) -> bool:
    """Whether times that are written so are whole days."""
    return times == "day" or ("%" in times and _unit(times) == timedelta(days=1))


def bounds(pages: Paginator, window: Window, profile: Profile, *, always: bool = False) -> tuple[str, str] | None:
    """The start and the end of a window as the source wants them; None where everything is asked for and no beginning is given.

    The end is never earlier than that of the window: where the source takes coarser times, it is asked for a little more. `always`: the
    window is sent even where everything is asked for.
    """
    zone = profile.zone_info
    start = window.start
    if start is None:
        if pages.beginning is None and not always:
            return None
        start = datetime.combine(pages.beginning or EVERYTHING_FROM, datetime.min.time(), zone)
    start, end = start.astimezone(zone), window.end.astimezone(zone)
    if is_day(pages.times):
        end -= timedelta(microseconds=1)
        if pages.end == "excluded":
            end += timedelta(days=1)
        pattern = "%Y-%m-%d" if pages.times == "day" else pages.times
        return start.strftime(pattern), end.strftime(pattern)
    return _written(start, pages.times, up=False), _written(end, pages.times, up=True)


def _written(at: datetime, times: str, *, up: bool) -> str:
    if times == "iso":
        return at.isoformat()
    if times in ("epoch", "epoch_ms"):
        since = at.timestamp() * (1000 if times == "epoch_ms" else 1)
        return str(math.ceil(round(since, 3)) if up else math.floor(round(since, 3)))
    unit = _unit(times)
    over = timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond) % unit
    return (at - over + unit if up and over else at).strftime(times)


def _unit(pattern: str) -> timedelta:
    """The smallest difference that a pattern shows."""
    return next((unit for sign, unit in _FINER if sign in pattern), timedelta(days=1))
