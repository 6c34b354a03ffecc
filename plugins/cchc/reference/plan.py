"""The plans: their targets and directions, read from include/plans, and the plan that a period belongs to.

A plan has two files, `<plan_code>_targets.csv` and `<plan_code>_directions.csv`. The end of its code is the year in which its targets
hold. There may be several plans: each holds in the periods whose last day is in its year, independent of CCHC_PLAN.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from cchc.authority import authority
from cchc.errors import NotConfigured
from cchc.period import Period
from cchc.settings import Settings
from cchc.warehouse import query

YEARS_BEFORE = 1  # indicators are computed from the year before the earliest plan on, because directions and the scorecard compare with it
DISTRICT = authority().code  # the root of the units for which the plan holds

OPERATORS = ("=", ">=")  # operators of a target; both mean "at least", because a rate cannot exceed 100 %
UP, DOWN = "up", "down"  # operators of a direction
KINDS = ("flow", "stock", "milestone")  # kinds of a target; the kind of a direction is `direction`
LEVELS = ("all", "district", "commune")
HOW = ("computed", "declared")
COLUMNS = {
    "targets": ("target_no", "section", "clause_vi", "indicator_code", "level", "operator", "target_percent", "kind", "lead_agency", "how"),
    "directions": ("target_no", "section", "clause_vi", "indicator_code", "direction", "lead_agency", "how"),
}
FAULTS_SHOWN = 10
_FILE = re.compile(r"(?P<code>.+_(?P<year>\d{4}))_(?P<part>targets|directions)\.csv")
_DIRECTION = re.compile(r"(?P<word>up|down|above|below)(?: (?:the same period of )?(?P<year>\d{4}))?")
_CODE = re.compile(r"[a-z][a-z0-9_]*")


class Years(NamedTuple):
    """When a plan holds: from its first day to its last, both included."""

    plan_code: str
    valid_from: date
    valid_to: date


class Place(NamedTuple):
    """The plan that a period belongs to. `holds`: whether its targets hold in the period; if not, the period is only filed under it."""

    plan_code: str
    holds: bool


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan as it is in its files. `rows`: its rows of core.plan_target, in the order of the plan.

    `remarks`: sentences about entries that can be read but differ from what is computed.
    """

    code: str
    year: int
    rows: tuple[dict[str, Any], ...]
    remarks: tuple[str, ...] = ()

    @property
    def years(self) -> Years:
        """The days on which its targets hold: 1 January to 31 December of its year."""
        return Years(self.code, date(self.year, 1, 1), date(self.year, 12, 31))

    @property
    def words(self) -> str:
        """How many targets and directions it has, in words."""
        directions = sum(row["kind"] == "direction" for row in self.rows)
        return f"{len(self.rows) - directions} targets by level and {directions} directions, in force in {self.year}"


def place(plans: Iterable[Years], day: date) -> Place:
    """The plan of the period whose last day is `day`.

    For a running period, `day` is the last day of the whole period, so it does not depend on known_at. The plan is the one whose years
    include the day. If there is none, no target holds, and the period is filed under the nearest later plan, or, without a later one, under
    the nearest earlier plan. Raises NotConfigured if there is no plan at all.
    """
    known = list(plans)
    for plan in known:
        if plan.valid_from <= day <= plan.valid_to:
            return Place(plan.plan_code, True)
    later = [plan for plan in known if plan.valid_from > day]
    if later:
        return Place(min(later, key=lambda plan: plan.valid_from).plan_code, False)
    if known:
        return Place(max(known, key=lambda plan: plan.valid_to).plan_code, False)
    raise NotConfigured("no plan is loaded: put its files into include/plans and run `cchc init`")


def loaded_years(connection: Connection) -> list[Years]:
    """The plans that `cchc init` has loaded and whose files still exist."""
    rows = query(connection, "select plan_code, valid_from, valid_to from core.plan where ended_at is null order by valid_from")
    return [Years(**row) for row in rows]


def plan_of(connection: Connection, period: Period) -> Place:
    """The plan that a period belongs to, among the loaded plans. Raises NotConfigured if no plan is loaded."""
    return place(loaded_years(connection), period.last_day)


def plans(settings: Settings) -> tuple[Plan, ...]:
    """Every plan in include/plans, the earliest first.

    Raises NotConfigured, with file and line, if something cannot be read, if two plans have the same year, or if CCHC_PLAN names none of
    the plans.
    """
    folder = settings.plans_dir
    files = sorted(path for path in folder.glob("*.csv") if not path.name.startswith((".", "~")))
    found = _read_folder(folder, tuple((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files))
    if settings.plan not in {plan.code for plan in found}:
        raise NotConfigured(
            f"CCHC_PLAN names the plan {settings.plan}, and {folder} has none of that name; "
            f"there are: {', '.join(plan.code for plan in found)}"
        )
    return found


def plan_on(settings: Settings, day: date) -> Plan:
    """The plan in include/plans to which a day belongs, by the rule of `place`."""
    found = plans(settings)
    code = place((plan.years for plan in found), day).plan_code
    return next(plan for plan in found if plan.code == code)


def chosen(settings: Settings) -> Plan:
    """The plan that CCHC_PLAN names."""
    return next(plan for plan in plans(settings) if plan.code == settings.plan)


def in_words(settings: Settings) -> str:
    """A text that lists every plan in include/plans, their remarks, and which of them CCHC_PLAN names."""
    found = plans(settings)
    messages = [f"{plan.code}: {plan.words}" for plan in found] + [f"CCHC_PLAN names {settings.plan}"]
    return "; ".join([*messages, *(remark for plan in found for remark in plan.remarks)])


def targets(settings: Settings) -> list[dict[str, Any]]:
    """The rows of core.plan_target for the plan that CCHC_PLAN names: 41 targets and 6 directions in the plan of 2023."""
    return list(chosen(settings).rows)


def first_day(settings: Settings) -> date:
    """The first day whose periods are computed without a request: 1 January of the year before the year of the earliest plan.

    Earlier periods are computed on request (`cchc refresh 2021-06`).
    """
    return date(plans(settings)[0].year - YEARS_BEFORE, 1, 1)


# --- reading -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _read_folder(folder: Path, stamps: tuple[tuple[str, str], ...]) -> tuple[Plan, ...]:
    """The plans of a folder whose files have these names and hashes. The result is cached, because a load needs it often."""
    parts: dict[str, dict[str, Path]] = {}
    years: dict[int, str] = {}
    for name, _ in stamps:
        match = _FILE.fullmatch(name)
        if match is None:
            raise NotConfigured(
                f"{folder / name}: the name is neither <plan>_<year>_targets.csv nor <plan>_<year>_directions.csv, "
                "for example plan_53_KH-UBND_2023_targets.csv; rename it, or take it out of the folder"
            )
        parts.setdefault(match["code"], {})[match["part"]] = folder / name
        other = years.setdefault(int(match["year"]), match["code"])
        if other != match["code"]:
            raise NotConfigured(
                f"{folder}: {other} and {match['code']} are both plans of {match['year']}; a period belongs to one plan, so one must go"
            )
    if not parts:
        raise NotConfigured(f"{folder} has no plan: it needs <plan>_<year>_targets.csv and <plan>_<year>_directions.csv")
    return tuple(_read_plan(folder, code, parts[code], year) for year, code in sorted(years.items()))


def _read_plan(folder: Path, code: str, files: dict[str, Path], year: int) -> Plan:
    faults: list[str] = []
    remarks: list[str] = []
    found: list[tuple[str, dict[str, Any]]] = []
    for part in COLUMNS:
        if part not in files:
            raise NotConfigured(
                f"the plan {code} needs {code}_{part}.csv in {folder}; a plan without {part} has the file with its header line alone"
            )
        for where, cells in _lines(files[part], part, faults):
            try:
                rows = _direction(code, year, cells) if part == "directions" else _target(code, cells)
            except _Fault as fault:
                faults.append(f"{where}: {fault}")
                continue
            found += [(where, row) for row in rows]
            named = re.search(r"\d{4}", cells["direction"]) if part == "directions" else None
            if named and int(named[0]) != year - 1:
                remarks.append(
                    f"{where}: {cells['target_no']} says '{cells['direction']}', and a direction is compared with the year before its "
                    f"plan's, {year - 1}: write {year - 1} there"
                )
    faults += _twice(found)
    if not faults and not any(row["kind"] != "direction" for _, row in found):
        faults.append(f"{files['targets']}: the file has no target")
    if faults:
        more = len(faults) - FAULTS_SHOWN
        raise NotConfigured("\n".join(faults[:FAULTS_SHOWN]) + (f"\nand {more} more" if more > 0 else ""))
    return Plan(code, year, tuple(row | {"target_order": order} for order, (_, row) in enumerate(found, 1)), tuple(remarks))


class _Fault(ValueError):
    """An error in a line of a plan, described in words."""


def _lines(path: Path, part: str, faults: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each line below the header: its place in the file, in words, and its cells by column."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotConfigured(f"{path}: byte {error.start} is no UTF-8; save the file as CSV in UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in COLUMNS[part] if name not in header]
    if missing:
        raise NotConfigured(
            f"{path}, line 1: the header lacks {', '.join(missing)}; it has: {', '.join(header) or 'nothing'}. "
            "The columns are separated by commas"
        )
    try:
        for cells in reader:
            where = f"{path}, line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                faults.append(f"{where}: {len(cells)} cells, and the header has {len(header)}; put text with a comma between quotes")
                continue
            yield where, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        faults.append(f"{path}, line {reader.line_num}: {error}")


def _target(code: str, cells: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of a target: one row for each level that has it."""
    _filled(cells, "targets")
    levels = cells["level"].split()
    if not set(levels) <= set(LEVELS) or len(set(levels)) < len(levels) or ("all" in levels and len(levels) > 1):
        raise _Fault(f"level is '{cells['level']}', it must be all, district, commune, or district commune")
    _one_of(cells, "operator", OPERATORS)
    _one_of(cells, "kind", KINDS)
    try:
        percent = Decimal(cells["target_percent"])
    except InvalidOperation:
        percent = Decimal("nan")
    if not (percent.is_finite() and 0 <= percent <= 100):
        raise _Fault(f"target_percent is '{cells['target_percent']}', it must be a number from 0 to 100 with a point for decimals")
    return [_row(code, cells, level, cells["operator"], cells["operator"], percent / 100, cells["kind"]) for level in levels]


def _direction(code: str, year: int, cells: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of a direction: the value must be higher, or lower, than in the same period of the year before, at every scope."""
    _filled(cells, "directions")
    words = cells["direction"]
    match = _DIRECTION.fullmatch(words)
    if match is None or (match["year"] is None) != (match["word"] in (UP, DOWN)):
        allowed = [UP, DOWN, *(f"{word}{same} {year - 1}" for word in ("above", "below") for same in ("", " the same period of"))]
        raise _Fault(f"direction is '{words}', it must be one of: {', '.join(allowed)}")
    return [_row(code, cells, "all", UP if match["word"] in (UP, "above") else DOWN, words, None, "direction")]


def _filled(cells: dict[str, str], part: str) -> None:
    empty = [name for name in COLUMNS[part] if not cells[name]]
    if empty:
        raise _Fault(f"{', '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty")
    if not _CODE.fullmatch(cells["indicator_code"]):
        raise _Fault(f"indicator_code is '{cells['indicator_code']}', it must be small letters, digits and _")
    _one_of(cells, "how", HOW)


def _one_of(cells: dict[str, str], column: str, allowed: tuple[str, ...]) -> None:
    if cells[column] not in allowed:
        raise _Fault(f"{column} is '{cells[column]}', it must be one of: {', '.join(allowed)}")


def _row(
    code: str, cells: dict[str, str], level: str, operator: str, operator_text: str, target: Decimal | None, kind: str
) -> dict[str, Any]:
    return {
        "plan_code": code,
        "target_no": cells["target_no"],
        "section": cells["section"],
        "clause_vi": cells["clause_vi"],
        "indicator_code": cells["indicator_code"],
        "level": level,
        "operator": operator,
        "operator_text": operator_text,
        "target": target,
        "kind": kind,
        "lead_agency": cells["lead_agency"],
        "how": cells["how"],
    }


def _twice(found: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Errors for lines that repeat a target number at one level, or an indicator at one scope."""
    faults = []
    for position, (where, row) in enumerate(found):
        for there, other in found[:position]:
            if (row["target_no"], row["level"]) == (other["target_no"], other["level"]):
                faults.append(f"{where}: {row['target_no']} stands for level {row['level']} already in {there}")
            elif row["indicator_code"] == other["indicator_code"] and (
                row["level"] == other["level"] or "all" in (row["level"], other["level"])
            ):
                faults.append(
                    f"{where}: {row['indicator_code']} has a target at level {other['level']} already ({other['target_no']}, {there}); "
                    f"one number is judged by one target"
                )
    return faults
