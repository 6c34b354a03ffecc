"""How old the newest data of a source may be before it is late, by the schedule of its profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from cchc.sources.profile import Profile
from cchc.warehouse import known_at_of


@dataclass(frozen=True)
class LateSource:
    """A source whose newest data are too old. `since`: from when on it is late."""

    source: str
    known_at: datetime
    since: datetime


def oldest_allowed(profile: Profile) -> timedelta | None:
    """The greatest allowed age of known_at by the profile's schedule, plus one day for late data; None for a source without a schedule."""
    if profile.schedule is None:
        return None
    _minute, _hour, day, month, weekday = profile.schedule.split()
    if month != "*":
        return timedelta(days=367)
    if day not in ("*", "?"):
        return timedelta(days=33)
    return timedelta(days=2) if weekday in ("*", "?", "1-5", "0-6") else timedelta(days=9)


def late_source(connection: Connection, profile: Profile, moment: datetime) -> LateSource | None:
    """The source, if its newest data are too old at a moment. A source that was never extracted is not late: nobody waits for it yet."""
    known_at, limit = known_at_of(connection, profile.source), oldest_allowed(profile)
    if known_at is None or limit is None or moment - known_at <= limit:
        return None
    return LateSource(profile.source, known_at, known_at + limit)
