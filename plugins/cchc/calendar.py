"""The working calendar of the civil service: the public-holiday package, then the overrides of include/reference.

contracts/secondary.md, *Working calendar*: official swaps arrive late, so the calendar is data and can be loaded again.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from cchc.errors import NotConfigured

FIRST_YEAR, LAST_YEAR = 2015, 2035


def overrides(path: Path) -> dict[date, tuple[bool, str]]:
    """Decisions that the package lacks: date → (is working, legal basis). Raises NotConfigured with the line that cannot be read."""
    found: dict[date, tuple[bool, str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            word = (row["is_working"] or "").strip().lower()  # Excel writes TRUE
            if word not in ("true", "false"):
                raise NotConfigured(f"{path.name} line {line}: is_working is {row['is_working']!r}; write true or false")
            try:
                day = date.fromisoformat((row["date"] or "").strip())
            except ValueError:
                raise NotConfigured(f"{path.name} line {line}: date is {row['date']!r}; write YYYY-MM-DD") from None
            found[day] = (word == "true", row["legal_basis"])
    return found


def working_days(reference_dir: Path, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> list[tuple[date, bool, str]]:
    """Every day from 1 January to 31 December of the years: (date, is working, reason)."""
    import holidays

    vietnam = holidays.country_holidays("VN", years=range(first_year, last_year + 1))
    decided = overrides(reference_dir / "working_day_overrides.csv")
    days: list[tuple[date, bool, str]] = []
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        if day in decided:
            days.append((day, *decided[day]))
        else:
            working = vietnam.is_working_day(day)
            days.append((day, working, vietnam.get(day) or ("weekend" if day.weekday() >= 5 and not working else "")))
        day += timedelta(days=1)
    return days
