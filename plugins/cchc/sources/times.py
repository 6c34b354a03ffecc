"""Read and write times strictly in the formats that a profile allows: a text that matches no format is not a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d{2}):?(\d{2})?)?)?", re.ASCII
)
_PARTS = {"yyyy": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{2})", "dd": r"(?P<day>\d{2})"}
_PARTS |= {"HH": r"(?P<hour>\d{2})", "mm": r"(?P<minute>\d{2})", "ss": r"(?P<second>\d{2})"}
_STRFTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_TOKEN = re.compile("yyyy|MM|dd|HH|mm|ss")

TimeReader = Callable[[Any], datetime | None]


def reader(formats: tuple[str, ...], zone: ZoneInfo) -> TimeReader:
    """A function that converts a delivered value to an aware time, or None if it matches none of `formats`.

    A time without an offset is a local time of `zone`; a date means its local midnight.
    """
    patterns = [(name, None if name == "iso" else _pattern(name)) for name in formats]

    def read(value: Any) -> datetime | None:
        text = value if isinstance(value, str) else str(value)
        for _, pattern in patterns:
            try:
                if pattern is None:
                    match = _ISO.fullmatch(text)
                    if match:
                        return _from_iso(match, zone)
                else:
                    match = pattern.fullmatch(text)
                    if match:
                        return datetime(**{name: int(part) for name, part in match.groupdict().items()}, tzinfo=zone)
            except (ValueError, OverflowError):
                continue
        return None

    return read


def render(value: date, formats: tuple[str, ...]) -> str:
    """A date or time of a spreadsheet cell as text in the first of `formats` that says all of it: it gets the form of a delivered text.

    A time of day that no format has room for is written as ISO 8601: so the value is unreadable and told, and not cut to a day.
    """
    needed: tuple[str, ...] = ()
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) != (0, 0, 0):
        needed = ("HH", "mm", "ss") if value.second else ("HH", "mm")
    fitting = next((name for name in formats if name == "iso" or all(token in name for token in needed)), "iso")
    if fitting == "iso":
        return value.isoformat()
    return value.strftime(_TOKEN.sub(lambda token: _STRFTIME[token.group()], fitting))


def _pattern(name: str) -> re.Pattern[str]:
    pattern, end = "", 0
    for token in _TOKEN.finditer(name):
        pattern += re.escape(name[end : token.start()]) + _PARTS[token.group()]
        end = token.end()
    return re.compile(pattern + re.escape(name[end:]), re.ASCII)


def _from_iso(match: re.Match[str], zone: ZoneInfo) -> datetime:
    year, month, day, hour, minute, second, fraction, utc, sign, offset_hours, offset_minutes = match.groups()
    tz: ZoneInfo | timezone = zone
    if utc:
        tz = UTC
    elif sign:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
        tz = timezone(-offset if sign == "-" else offset)
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    return datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), microsecond, tz)
