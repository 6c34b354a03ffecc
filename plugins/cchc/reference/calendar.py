"""The working calendar of the civil service: the days of the public-holiday package, corrected by the authority's overrides.

The government often decides late which working days are swapped, so the calendar is data and can be loaded again.
"""

from __future__ import annotations

import functools
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from cchc.reference.csv_file import Faults, Line, read_lines

FIRST_YEAR, LAST_YEAR = 2015, 2035
FILE = "working_day_overrides.csv"
COLUMNS = ("date", "is_working", "legal_basis")


class Day(NamedTuple):
    """One day: whether the civil service works, the reason, and whether a line of the overrides decides it."""

    day: date
    is_working: bool
    reason: str
    is_decided: bool


def overrides(path: Path) -> dict[date, tuple[bool, str]]:
    """The decisions that the package does not have: date → (is working day, legal basis).

    `path`: the CSV file. Raises NotConfigured that names every line that cannot be read.
    """
    faults = Faults(path.name)
    decided: dict[date, tuple[bool, str]] = {}
    lines: dict[date, Line] = {}
    for line in read_lines(path, COLUMNS, faults):
        day, is_working = line.day("date"), line.truth("is_working")
        if day is None or is_working is None:
            continue
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            line.fault("date", f"'{day}' stands there; allowed are days of the years {FIRST_YEAR} to {LAST_YEAR}")
        elif day in lines:
            line.fault("date", f"'{day}' stands there, and in line {lines[day].number} already; a day is decided once")
        else:
            decided[day], lines[day] = (is_working, line["legal_basis"]), line
    faults.refuse()
    return decided


def working_days(authority_dir: Path, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> list[Day]:
    """Every day from 1 January of `first_year` to 31 December of `last_year`. Raises NotConfigured if the overrides cannot be read."""
    decided = overrides(authority_dir / FILE)
    return [
        Day(day.day, *decided[day.day], is_decided=True) if day.day in decided else day for day in _of_the_package(first_year, last_year)
    ]


@functools.cache
def _of_the_package(first_year: int, last_year: int) -> tuple[Day, ...]:
    """Every day of these years as the public-holiday package has it; worked out once a process."""
    import holidays

    vietnam = holidays.country_holidays("VN", years=range(first_year, last_year + 1))
    days: list[Day] = []
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        working = vietnam.is_working_day(day)
        days.append(Day(day, working, vietnam.get(day) or ("weekend" if day.weekday() >= 5 and not working else ""), is_decided=False))
        day += timedelta(days=1)
    return tuple(days)
