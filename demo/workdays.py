"""The working calendar of the demo: Monday to Friday less Vietnam's public holidays, plus swapped working Saturdays."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import timedelta

import holidays

from demo.authority import read
from demo.clock import DAY, YEAR, as_date, day_number

_FIRST, _LAST = day_number(YEAR - 2, 6, 1), day_number(YEAR + 2, 12, 31)
_CALENDAR = holidays.country_holidays("VN", years=range(YEAR - 2, YEAR + 3))
_DECIDED = read().days

WORKDAYS: list[int] = [day for day in range(_FIRST, _LAST + 1) if _DECIDED.get(as_date(day), _CALENDAR.is_working_day(as_date(day)))]
"""Day numbers of all working days, ascending."""
_WORKDAY_SET = frozenset(WORKDAYS)


def is_workday(day: int) -> bool:
    """Whether the offices are open on this day."""
    return day in _WORKDAY_SET


def add_workdays(day: int, count: int) -> int:
    """The day `count` working days after `day`. Counting starts on the next day, as in the Civil Code."""
    if count == 0:
        return WORKDAYS[bisect_left(WORKDAYS, day)]
    return WORKDAYS[bisect_right(WORKDAYS, day) + count - 1]


def workdays_between(first: int, last: int) -> int:
    """The number of working days after `first` up to and including `last`."""
    return max(0, bisect_right(WORKDAYS, last) - bisect_right(WORKDAYS, first))


def workdays_of_month(year: int, month: int) -> list[int]:
    """The working days of a month."""
    first = day_number(year, month, 1)
    after = as_date(first) + timedelta(days=32)
    last = day_number(after.year, after.month, 1) - 1
    return WORKDAYS[bisect_left(WORKDAYS, first) : bisect_right(WORKDAYS, last)]


def office_second(share: float) -> int:
    """A second of the office day (07:30–11:30, 13:30–16:45) for a number in [0, 1)."""
    second = int(share * 26_100)
    return 27_000 + second if second < 14_400 else 34_200 + second


def office_time(day: int, share: float) -> int:
    """A moment in the office hours of a day."""
    return day * DAY + office_second(share)
