"""Read and write times strictly in the formats that a profile allows: a text that matches no format is not a time.

`time_patterns.py` has the formats. Whole columns are read by `cchc.staging.parse`, which asks `read` for all forms but those that it reads
faster; a property test holds both together, and the short cuts of `late_test`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cchc.sources.time_patterns import Form, Rules, form

TimeReader = Callable[[Any], datetime | None]

_STAMP = "yyyyMMddHHmmss"


@dataclass(frozen=True)
class Reading:
    """How the times of a field are read: the formats in the order in which they are tried, and what the texts do not say."""

    formats: tuple[str, ...]
    rules: Rules

    @property
    def forms(self) -> tuple[Form, ...]:
        """The formats, compiled."""
        return tuple(form(name) for name in self.formats)

    def reader(self) -> TimeReader:
        """A function that converts a delivered value to an aware time, or None if it matches none of the formats."""
        forms, rules = self.forms, self.rules

        def read(value: Any) -> datetime | None:
            text = value if isinstance(value, str) else str(value)
            for each in forms:
                try:
                    found = each.read(text, rules)
                except (ValueError, OverflowError):
                    continue
                if found is not None and (1 < found.year < 9999 or _can_be_moved(found, rules.zone)):
                    return found
            return None

        return read

    def render(self, value: date) -> str:
        """A date or time of a spreadsheet cell as text in the first format that says all of it: it gets the form of a delivered text.

        A time of day that no format has room for is written as ISO 8601: so the value is unreadable and told, and not cut to a day. So is
        one whose text an earlier format would take for another time.
        """
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        read = self.reader()
        for name, each in zip(self.formats, self.forms, strict=True):
            if name == "iso":
                break
            text = each.write(moment, self.rules)
            at = None if text is None else read(text)
            if at is not None and at.replace(tzinfo=None, microsecond=0) == moment.replace(tzinfo=None, microsecond=0):
                return text or ""
        return value.isoformat()


def _can_be_moved(at: datetime, zone: ZoneInfo) -> bool:
    """Whether a moment at an end of the calendar is one in UTC and in a zone too: Python and PostgreSQL know the years 1 to 9999."""
    try:
        at.astimezone(UTC)
        at.astimezone(zone)
    except OverflowError:
        return False
    return True


def reader(formats: tuple[str, ...], zone: ZoneInfo) -> TimeReader:
    """A function that converts a delivered value to an aware time, or None if it matches none of `formats`.

    A time without an offset is a local time of `zone`; a date means its local midnight.
    """
    return Reading(formats, Rules(zone)).reader()


def render(value: date, formats: tuple[str, ...]) -> str:
    """A date or time of a spreadsheet cell as text, as `Reading.render` writes it; two digits of a year have no room for it."""
    return Reading(formats, Rules(ZoneInfo("UTC"))).render(value)


def late_test(reading: Reading, end: datetime) -> Callable[[Any], bool]:
    """A test whether a change time is readable and at or after T. Where the formats allow it, a text is only compared with T as text."""
    zone, read_time = reading.rules.zone, reading.reader()
    digits = (end - timedelta(microseconds=1)).astimezone(zone).strftime("%Y%m%d%H%M%S")
    day_before = (end.astimezone(zone).date() - timedelta(days=1)).isoformat()
    others = [each for name, each in zip(reading.formats, reading.forms, strict=True) if name != _STAMP]
    is_stamp = _STAMP in reading.formats and not any(len(_STAMP) in each.digits for each in others)
    is_dashed = all(each.dashed != "maybe" for each in reading.forms)

    def is_late(value: Any) -> bool:
        if type(value) is str:
            if is_stamp and len(value) == 14 and value <= digits and value.isdigit():
                return False
            if is_dashed and value[4:5] == "-" and value[:10] < day_before:
                return False
        at = read_time(value)
        return at is not None and at >= end

    return is_late


def month_reader(reading: Reading, first: str, zone: ZoneInfo | None = None) -> Callable[[str], str | None]:
    """A function that gives the local month (YYYY-MM) of a text; None if it is no time, or before the month `first`.

    `zone`: where the month is local; None: where the times are written. Texts in which the first ten characters are the day are read once
    for each day, where both zones are the same.
    """
    read_time, zone = reading.reader(), zone or reading.rules.zone
    begins_with_day = zone == reading.rules.zone and all(
        each.dashed == "day" or (each.fixed is not None and _day_ends(each.fixed) <= 10) for each in reading.forms
    )
    known: dict[tuple[str, int], str | None] = {}

    def month(text: str) -> str | None:
        at = read_time(text)
        found = f"{at.astimezone(zone):%Y-%m}" if at is not None and at.year > 1900 else None
        return found if found is not None and found >= first else None

    def month_of(text: str) -> str | None:
        if not begins_with_day or text[10:].strip("0123456789:T "):  # an offset can change the day
            return month(text)
        key = (text[:10], len(text))
        if key not in known:
            known[key] = month(text)
        return known[key]

    return month_of


def _day_ends(layout: str) -> int:
    """Where the day is complete in a layout such as dd/MM/yyyy HH:mm."""
    return max(layout.rfind("y"), layout.rfind("M"), layout.rfind("d")) + 1
