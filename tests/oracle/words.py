"""Small words that the whole oracle shares: the zone, reading of times and texts, units, the plan, periods.

Written from docs/reference/indicators.md and docs/reference/contracts alone; nothing of the product is imported.
"""

from __future__ import annotations

import calendar
import csv
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import holidays
import yaml

ZONE = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = "authorities/vinh_cuu"
OWN = Path(__file__).resolve().parent / "reference"
A_TICK = timedelta(microseconds=1)

KINDS = ("month", "quarter", "half_year", "nine_months", "year", "report_month", "report_quarter")
BASES = ("period", "year_to_date")
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "nine_months": 9, "year": 12, "report_month": 1, "report_quarter": 3}


# ---------------------------------------------------------------- scalars
def text(value: Any) -> str | None:
    """A scalar of the wire as text: NFC; "", null and absent are missing (None)."""
    if value is None or value == "":
        return None
    if type(value) is str and value.isascii():
        return value
    return unicodedata.normalize("NFC", str(value))


_COMPACT = re.compile(r"\d{14}")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?")


def moment(value: Any) -> datetime | None:
    """A time of one_stop or documents, aware; None when missing; ValueError when present and not a time."""
    raw = text(value)
    return None if raw is None else _moment(raw)


@lru_cache(maxsize=500_000)
def _moment(raw: str) -> datetime | None:
    if raw.startswith(("0001-01-01", "00010101")):
        return None
    if _COMPACT.fullmatch(raw):
        return datetime.strptime(raw, "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
    match = _ISO.fullmatch(raw)
    if not match:
        raise ValueError(f"not a time: {raw!r}")
    day, minute, second, fraction, offset = match.groups()
    micro = int(((fraction or "") + "000000")[:6])
    stamp = datetime.fromisoformat(f"{day}T{minute or '00:00'}:{second or '00'}").replace(microsecond=micro)
    if offset is None:
        return stamp.replace(tzinfo=ZONE)
    if offset == "Z":
        return stamp.replace(tzinfo=UTC).astimezone(ZONE)
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    delta = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
    return stamp.replace(tzinfo=timezone(delta)).astimezone(ZONE)


def lenient(value: Any) -> datetime | None:
    """As `moment`, but an unreadable time is taken as missing, with a warning."""
    try:
        return moment(value)
    except ValueError:
        return None


def local(stamp: datetime) -> date:
    """The local date of an aware time."""
    return stamp.date() if stamp.tzinfo is ZONE else stamp.astimezone(ZONE).date()


def midnight(day: date) -> datetime:
    """00:00:00 of a local date."""
    return datetime.combine(day, time(), ZONE)


def day_of(value: Any) -> date | None:
    """The local date of a wire time, None when missing or unreadable."""
    stamp = lenient(value)
    return None if stamp is None else local(stamp)


_PROCEDURE = re.compile(r"\d\.\d{6}")


def procedure_code(value: Any) -> str | None:
    """First `d.dddddd` of a MaTTHC."""
    return _procedure_code(text(value) or "")


@lru_cache(maxsize=100_000)
def _procedure_code(raw: str) -> str | None:
    match = _PROCEDURE.search(raw)
    return match.group() if match else None


# ---------------------------------------------------------------- units
@dataclass(frozen=True)
class Line:
    """One line of units.csv: how a unit is from `begins` to `ends` (inclusive, missing = open)."""

    level: str
    kind: str
    parent: str | None
    begins: date
    ends: date | None


@dataclass(frozen=True)
class Unit:
    """A unit with its lines, the oldest first, and the units whose place it took."""

    code: str
    lines: tuple[Line, ...]
    took_over: frozenset[str]

    def at(self, day: date) -> Line:
        """As it is on a day; before its first day as it begins, after its last as it ended."""
        return ([line for line in self.lines if line.begins <= day] or [self.lines[0]])[-1]

    @property
    def level(self) -> str:
        """Its newest level."""
        return self.lines[-1].level

    def valid(self, day: date) -> bool:
        """Whether it exists on a day."""
        return self.lines[0].begins <= day and (self.lines[-1].ends is None or day <= self.lines[-1].ends)


def reference(pattern: str, folder: str) -> Path:
    """The project's copy of a reference file, else the oracle's own."""
    found = sorted((ROOT / "include" / folder).glob(pattern))
    return found[0] if found else next(OWN.glob(pattern))


PLAN = "H19.16"  # top of the tree that the plan binds
_list_of_units: list[Path] = []


@contextmanager
def another_list(path: Path) -> Iterator[None]:
    """Units are those of another file for a while."""
    _list_of_units.append(path)
    _forget()
    try:
        yield
    finally:
        _list_of_units.pop()
        _forget()


def _forget() -> None:
    for cached in (units, scopes, stand_in):
        cached.cache_clear()


@lru_cache(maxsize=1)
def units() -> dict[str, Unit]:
    """All units by code."""
    path = _list_of_units[-1] if _list_of_units else reference("units.csv", AUTHORITY)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    def opt(raw: str) -> date | None:
        return date.fromisoformat(raw) if raw else None

    lines: dict[str, list[Line]] = {}
    took_over: dict[str, set[str]] = {}
    for r in rows:
        line = Line(r["level"], r["kind"], r["parent_code"] or None, opt(r["valid_from"]) or date.min, opt(r["valid_to"]))
        lines.setdefault(r["unit_code"], []).append(line)
        took_over.setdefault(r["unit_code"], set()).update((r.get("predecessors") or "").split())
    return {code: Unit(code, tuple(sorted(known, key=lambda one: one.begins)), frozenset(took_over[code])) for code, known in lines.items()}


def tree(code: str, day: date) -> str:
    """The unit at the top of a unit's tree on a day."""
    while (above := units()[code].at(day).parent) is not None:
        code = above
    return code


@lru_cache(maxsize=200_000)
def stand_in(code: str, day: date) -> str | None:
    """Who stands for a unit on a day: itself while it exists, else its successor where there is exactly one on that day."""
    if units()[code].valid(day):
        return code
    found = _heirs(code, day)
    return next(iter(found)) if len(found) == 1 else None


def _heirs(code: str, day: date) -> set[str]:
    """Its successors that exist on that day; of one that does not exist any more, its successors. Within the tree."""
    found: set[str] = set()
    for heir in units().values():
        if code in heir.took_over and tree(heir.code, day) == tree(code, day):
            found |= {heir.code} if heir.valid(day) else _heirs(heir.code, day)
    return found


def counts_at(code: str, day: date, d: date) -> str:
    """Where a record of a day counts that names a unit, in a period with the last day D: a unit, or the level of D alone."""
    return stand_in(code, day) or f"level:{units()[code].at(d).level}"


def merged_into(code: str, d: date) -> set[str]:
    """The units whose place a unit has taken by D: in the year before it stands for them, too."""
    return {one for one in units() if one != code and stand_in(one, d) == code}


@lru_cache(maxsize=64)
def scopes(d: date = date.max) -> dict[str, set[str]]:
    """Every scope as of D and what counts in it: each unit; each level of the plan's tree, with what counts at no unit of it; the whole."""
    every = units()
    out = {code: {code} for code in every}
    levels = {unit.at(d).level for code, unit in every.items() if tree(code, d) == PLAN}
    for level in sorted(levels | {"district", "commune"}):
        out[f"level:{level}"] = {code for code, unit in every.items() if unit.at(d).level == level} | {f"level:{level}"}
    out["all"] = set().union(*out.values())
    return out


# ---------------------------------------------------------------- the plans
@dataclass(frozen=True)
class Target:
    """One cell of a plan."""

    indicator: str
    levels: frozenset[str]
    share: Fraction
    kind: str


PLANS = ROOT / "include" / "plans"  # a test may name another folder


def plan_years() -> dict[int, Path]:
    """The years in which a plan holds, each with the folder of the plan."""
    return _plan_years(PLANS)


@lru_cache(maxsize=4)
def _plan_years(folder: Path) -> dict[int, Path]:
    found = sorted(folder.glob("*/plan.yaml")) or sorted(OWN.glob("*/plan.yaml"))
    return {year: path.parent for path in found for year in yaml.safe_load(path.read_text(encoding="utf-8"))["years"]}


@lru_cache(maxsize=32)
def _plan_rows(plan: Path, part: str) -> tuple[dict[str, str], ...]:
    with (plan / f"{part}.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(csv.DictReader(file))


def _rows_of(folder: Path, part: str, how: str, year: int | None) -> list[dict[str, str]]:
    return [row for y, plan in _plan_years(folder).items() if year in (None, y) for row in _plan_rows(plan, part) if row["how"] == how]


def targets(how: str = "computed", year: int | None = None) -> tuple[Target, ...]:
    """The computed or the declared target cells of the plan of a year; None: of all plans."""
    return _targets(PLANS, how, year)


@lru_cache(maxsize=16)
def _targets(folder: Path, how: str, year: int | None) -> tuple[Target, ...]:
    return tuple(
        Target(row["indicator_code"], frozenset(row["level"].split()), Fraction(row["target_percent"]) / 100, row["kind"])
        for row in _rows_of(folder, "targets", how, year)
    )


def directions(year: int | None = None, how: str = "declared") -> dict[str, str]:
    """The figures of a year's plan that have a direction and no target: indicator → `up` or `down`; None: of all plans."""
    return _directions(PLANS, year, how)


@lru_cache(maxsize=16)
def _directions(folder: Path, year: int | None, how: str) -> dict[str, str]:
    lines = _rows_of(folder, "directions", how, year)
    return {row["indicator_code"]: "down" if row["direction"].startswith(("down", "below")) else "up" for row in lines}


def plan_year(kind: str, start: date) -> int | None:
    """The year of the plan whose targets hold in a period: that of its last day, whatever T; None where no plan is of that year."""
    year = (period_end(kind, start) - timedelta(days=1)).year
    return year if year in plan_years() else None


def target_at(indicator: str, scope: str, d: date, year: int | None) -> Target | None:
    """The target that stands for an indicator at a scope as of D by the plan of a year, if any; without a plan there is none."""
    level = scope.split(":")[1] if scope.startswith("level:") else ("all" if scope == "all" else units()[scope].at(d).level)
    return None if year is None else _target_at(PLANS, indicator, level, year)


@lru_cache(maxsize=20_000)
def _target_at(folder: Path, indicator: str, level: str, year: int) -> Target | None:
    for target in (*_targets(folder, "computed", year), *_targets(folder, "declared", year)):
        if target.indicator == indicator and ("all" in target.levels or level in target.levels):
            return target
    return None


# ---------------------------------------------------------------- periods
def add_months(day: date, count: int) -> date:
    """The same day of the month, `count` months later (used with days 1 and 15 only)."""
    index = day.year * 12 + day.month - 1 + count
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Span:
    """What a value looks at: [start, j), D, for one basis and one T."""

    start: date
    end: date
    j: datetime
    d: date
    t: datetime

    def holds(self, stamp: datetime | None) -> bool:
        """In the period and past."""
        return stamp is not None and midnight(self.start) <= stamp < self.j


def period_end(kind: str, start: date) -> date:
    """The exclusive end of a period."""
    return add_months(start, _MONTHS[kind])


def span(kind: str, start: date, basis: str, t: datetime) -> Span | None:
    """The span of a (period, basis) at T; None when the period starts at or after T."""
    end = period_end(kind, start)
    if midnight(start) >= t:
        return None
    j = min(midnight(end), t)
    d = local(j - A_TICK)
    first = start
    if basis == "year_to_date":
        year = (end - timedelta(days=1)).year
        first = date(year - 1, 12, 15) if kind.startswith("report") else date(year, 1, 1)
    return Span(first, end, j, d, t)


def parse_period(name: str) -> tuple[str, date]:
    """`2023-06`, `2023-Q2`, `2023-H1`, `2023-9M`, `2023`, `2023-06R`, `2023-Q1R` → (kind, start)."""
    report = name.endswith("R")
    name = name.removesuffix("R")
    year, _, rest = name.partition("-")
    y = int(year)
    if not rest:
        return "year", date(y, 1, 1)
    if rest == "9M":
        return "nine_months", date(y, 1, 1)
    if rest[0] == "H":
        return "half_year", date(y, 1 if rest == "H1" else 7, 1)
    month = 3 * int(rest[1]) - 2 if rest[0] == "Q" else int(rest)
    kind = "quarter" if rest[0] == "Q" else "month"
    if report:
        return f"report_{kind}", add_months(date(y, month, 15), -1)
    return kind, date(y, month, 1)


def period_names(kind: str, start: date) -> str:
    """The inverse of `parse_period`."""
    last = period_end(kind, start) - timedelta(days=1)
    tail = "R" if kind.startswith("report") else ""
    if kind.endswith("month"):
        return f"{last.year}-{last.month:02d}{tail}"
    if kind.endswith("quarter"):
        return f"{last.year}-Q{(last.month + 2) // 3}{tail}"
    return {"half_year": f"{start.year}-H{1 if start.month == 1 else 2}", "nine_months": f"{start.year}-9M", "year": str(start.year)}[kind]


# ---------------------------------------------------------------- working days
def _overrides() -> dict[date, bool]:
    """The project's list of swapped days, when it has one: a CSV in the authority's folder with the columns date, is_working."""
    for path in sorted((ROOT / "include" / AUTHORITY).glob("*working*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        names = rows[0].keys() if rows else ()
        day_name = next((n for n in names if "date" in n), None)
        flag_name = next((n for n in names if "is_working" in n), None)
        if day_name and flag_name:
            return {date.fromisoformat(r[day_name]): r[flag_name].strip().lower() in ("1", "true", "t", "yes") for r in rows}
    return {}


@lru_cache(maxsize=4096)
def is_working(day: date) -> bool:
    """A working day: the override list, else Monday to Friday and no public holiday."""
    given = _overrides_cached().get(day)
    if given is not None:
        return given
    return day.weekday() < 5 and day not in _vietnam(day.year)


@lru_cache(maxsize=1)
def _overrides_cached() -> dict[date, bool]:
    return _overrides()


@lru_cache(maxsize=16)
def _vietnam(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("VN", years=year)


def working_day_after(day: date, count: int) -> date:
    """The `count`-th working day after a day."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day
