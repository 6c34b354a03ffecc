"""Times of the demo: whole seconds of local time, and the clock that a state folder keeps.

Inside the demo a moment is an `int`: seconds since 1970-01-01 00:00:00 *local* time (Asia/Ho_Chi_Minh, +07:00, no daylight
saving). Integers are cheap to sort and compare; they become text only when a record is delivered.
"""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from demo.authority import OFFSET, read
from demo.files import write_whole

DAY = 86_400
LOCAL = timezone(OFFSET)
_ORIGIN = date(1970, 1, 1)
_ORIGIN_AT = datetime(1970, 1, 1, tzinfo=LOCAL)


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01."""
    return (date(year, month, day) - _ORIGIN).days


def moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """The integer of a local time."""
    return day_number(year, month, day) * DAY + hour * 3600 + minute * 60 + second


def odd_day(year: int, month: int, day: int) -> int:
    """The number of a day whose file is planted as an odd one; a day that no file has where nothing is planted."""
    return day_number(year, month, day) if read().is_vinh_cuu else -1


def as_date(day: int) -> date:
    """The date of a day number."""
    return _ORIGIN + timedelta(days=day)


YEAR = read().year
"""The last whole year of the demo: that of the plan. The demo has the year before, too, a month before that and a month after."""
BEGIN = moment(YEAR - 2, 12, 1)
"""Dossiers are received from here on, so that the first year opens with dossiers of the year before."""
END = moment(YEAR + 1, 2, 1)
"""The clock stops here: nothing that becomes known later exists in the demo."""
FOREVER = 1 << 60
DEFAULT_CLOCK = f"{YEAR + 1}-01-02T00:00:00+07:00"


def first_clock() -> str:
    """The clock of a new state: DEFAULT_CLOCK, or the second day of this machine's month where that has not come yet.

    The pipeline does not load from a source whose time has not come.
    """
    now = datetime.now(LOCAL)
    return min(DEFAULT_CLOCK, f"{now:%Y-%m}-02T00:00:00+07:00" if now.day > 1 else f"{now:%Y-%m}-01T00:00:00+07:00")


class _CompactDays(dict[int, str]):
    def __missing__(self, day: int) -> str:
        text = self[day] = as_date(day).strftime("%Y%m%d")
        return text


class _IsoDays(dict[int, str]):
    def __missing__(self, day: int) -> str:
        text = self[day] = as_date(day).isoformat()
        return text


class _SlashDays(dict[int, str]):
    def __missing__(self, day: int) -> str:
        text = self[day] = as_date(day).strftime("%d/%m/%Y")
        return text


_COMPACT_DAYS, _ISO_DAYS, _SLASH_DAYS = _CompactDays(), _IsoDays(), _SlashDays()
_COLON_TIMES = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY)]
_COMPACT_TIMES = [text.replace(":", "") for text in _COLON_TIMES]


def compact(at: int) -> str:
    """`yyyyMMddHHmmss`, the one-stop's own style."""
    return _COMPACT_DAYS[at // DAY] + _COMPACT_TIMES[at % DAY]


def iso(at: int) -> str:
    """ISO 8601 without offset: local time."""
    return f"{_ISO_DAYS[at // DAY]}T{_COLON_TIMES[at % DAY]}"


def iso_offset(at: int) -> str:
    """ISO 8601 with the local offset."""
    return f"{_ISO_DAYS[at // DAY]}T{_COLON_TIMES[at % DAY]}+07:00"


def iso_utc(at: int) -> str:
    """ISO 8601 in UTC with `Z`."""
    at -= 7 * 3600
    return f"{_ISO_DAYS[at // DAY]}T{_COLON_TIMES[at % DAY]}Z"


def slashed(at: int) -> str:
    """`dd/MM/yyyy HH:mm:ss`, the style of the payment files."""
    return f"{_SLASH_DAYS[at // DAY]} {_COLON_TIMES[at % DAY]}"


def compact_day(day: int) -> str:
    """`yyyyMMdd` of a day number."""
    return _COMPACT_DAYS[day]


def iso_day(day: int) -> str:
    """`yyyy-MM-dd` of a day number."""
    return _ISO_DAYS[day]


def slashed_day(day: int) -> str:
    """`dd/MM/yyyy` of a day number."""
    return _SLASH_DAYS[day]


def parse_iso(text: str) -> int:
    """The local second of an ISO 8601 time **with offset**; fractions are cut. Raises ValueError for anything else."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no offset (is the + of the offset percent-encoded?)")
    return int((value.replace(microsecond=0) - _ORIGIN_AT).total_seconds())


def parse_day(text: str) -> int:
    """The day number of `yyyy-MM-dd`."""
    return (date.fromisoformat(text) - _ORIGIN).days


class Clock:
    """The clock of a state folder: one file, which is replaced atomically and read again when it changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._value = 0

    def exists(self) -> bool:
        """Whether the folder has a clock yet."""
        return self.path.exists()

    def read(self) -> int:
        """The clock now; the file is opened only when it has changed."""
        stat = os.stat(self.path)
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            self._value = parse_iso(json.loads(self.path.read_text(encoding="utf-8"))["clock"])
            self._stamp = stamp
        return self._value

    def write(self, at: int) -> None:
        """Set the clock: written under another name, then renamed."""
        if not BEGIN <= at <= END:
            raise ValueError(f"the demo knows {iso_offset(BEGIN)} to {iso_offset(END)}; {iso_offset(at)} lies outside")
        write_whole(self.path, json.dumps({"clock": iso_offset(at)}) + "\n")
