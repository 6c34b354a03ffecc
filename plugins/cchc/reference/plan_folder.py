"""Read one plan from its folder: plan.yaml (the header), targets.csv and directions.csv.

Every fault names the file, the line and the rule that is broken. The name of the folder is the code of the plan in the warehouse.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from cchc.errors import NotConfigured
from cchc.near import near
from cchc.reference.plan_header import PlanHeader
from cchc.typed import faults_of
from cchc.yaml_text import read_text

HEADER = "plan.yaml"
OPERATORS = ("=", ">=")  # operators of a target; both mean "at least", because a rate cannot exceed 100 %
UP, DOWN = "up", "down"  # operators of a direction
KINDS = ("flow", "stock", "milestone")  # kinds of a target; the kind of a direction is `direction`
ALL = "all"  # the level of a target that stands at every scope
HOW = ("computed", "declared")
COLUMNS = {
    "targets": ("target_no", "section", "clause_vi", "indicator_code", "level", "operator", "target_percent", "kind", "lead_agency", "how"),
    "directions": ("target_no", "section", "clause_vi", "indicator_code", "direction", "lead_agency", "how"),
}
DESCRIBED = ("name_en", "numerator", "denominator")  # columns of targets.csv that describe a target for people; they may be absent
READ = (HEADER, *(f"{part}.csv" for part in COLUMNS))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_DIRECTION = re.compile(r"(?P<word>up|down|above|below)(?: (?:the same period of )?(?P<year>\d{4}))?")
_CODE = re.compile(r"[a-z][a-z0-9_]*")


class Years(NamedTuple):
    """When a plan holds: from its first day to its last, both included."""

    plan_code: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class PlanFault:
    """One fault of a plan. `line`: None where no single line is at fault; `rule`: the name of the rule in docs/guides/plans.md."""

    file: Path
    line: int | None
    rule: str
    words: str

    def __str__(self) -> str:
        return f"{self.file}{f', line {self.line}' if self.line else ''}: {self.words} (rule: {self.rule})"


@dataclass(frozen=True)
class Written:
    """One row of a plan as it is written: its place, and the cells of its line."""

    file: Path
    line: int
    cells: dict[str, str]
    row: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan as it is in its folder. `rows`: its rows of core.plan_target, in the order of the plan; `written`: where each stands.

    `remarks`: sentences about entries that can be read but differ from what is computed.
    """

    code: str
    header: PlanHeader
    rows: tuple[dict[str, Any], ...]
    written: tuple[Written, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def years(self) -> Years:
        """The days on which its targets hold."""
        return Years(self.code, self.header.first_day, self.header.last_day)

    @property
    def span(self) -> str:
        """When it holds, in words: 2023, 2024 to 2025, or the two days."""
        years = self.header.years
        if years is None:
            return f"from {self.header.first_day} to {self.header.last_day}"
        return f"in {years[0]}" if len(years) == 1 else f"in {years[0]} to {years[-1]}"

    @property
    def words(self) -> str:
        """How many targets and directions it has, in words."""
        directions = sum(row["kind"] == "direction" for row in self.rows)
        return f"{len(self.rows) - directions} targets by level and {directions} directions, in force {self.span}"


@dataclass
class _Reading:
    """What was found in a folder so far."""

    folder: Path
    faults: list[PlanFault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def fault(self, file: Path, line: int | None, rule: str, words: str) -> None:
        self.faults.append(PlanFault(file, line, rule, words))


def read_plan(folder: Path) -> tuple[Plan | None, tuple[PlanFault, ...]]:
    """The plan in a folder, and every fault of its files. With a fault there is no plan; without one there always is."""
    reading = _Reading(folder)
    _check_folder(reading)
    header = _header(reading)
    if header is None:
        return None, tuple(reading.faults)
    written = [row for part in COLUMNS for row in _part(reading, part, header)]
    _check_twice(reading, written)
    targets = folder / "targets.csv"
    if not reading.faults and not any(each.row["kind"] != "direction" for each in written):
        reading.fault(targets, None, "no_target", "the file has no target")
    if reading.faults:
        return None, tuple(reading.faults)
    rows = tuple(each.row | {"target_order": order} for order, each in enumerate(written, 1))
    return Plan(folder.name, header, rows, tuple(written), tuple(reading.remarks)), ()


def is_left_alone(path: Path) -> bool:
    """Whether a file or folder is no part of a plan: hidden, opened in a spreadsheet program, or a paper such as the signed plan as PDF."""
    return path.name.startswith((".", "~")) or (path.is_file() and path.suffix.lower() not in (".csv", ".yaml", ".yml", ".xlsx", ".xls"))


def _check_folder(reading: _Reading) -> None:
    folder = reading.folder
    if not _NAME.fullmatch(folder.name):
        words = "the name of the folder is the code of the plan: letters without accents, digits, - _ and . only"
        reading.fault(folder, None, "folder", words)
    for path in sorted(folder.iterdir()):
        if path.name not in READ and not is_left_alone(path):
            hint = near(path.name, READ) or "."
            reading.fault(path, None, "folder", f"a plan is read from {', '.join(READ)}, and this is none of them{hint} Take it out")
    for name in READ:
        if not (folder / name).is_file():
            more = f"; a plan without {name[:-4]} has the file with its header line alone" if name.endswith(".csv") else ""
            reading.fault(folder, None, "folder", f"the plan {folder.name} needs {name}{more}")


def _header(reading: _Reading) -> PlanHeader | None:
    path = reading.folder / HEADER
    if not path.is_file():
        return None
    try:
        text, data = read_text(path)
    except NotConfigured as error:
        reading.fault(path, None, "header", str(error))
        return None
    found = faults_of(PlanHeader, data, text)
    for fault in found:
        where = ".".join(f"entry {step + 1}" if isinstance(step, int) else str(step) for step in fault.place)
        reading.fault(path, fault.line, "dates" if fault.is_rule else "header", f"{where}: {fault.words}" if where else fault.words)
    return None if found else PlanHeader.model_validate(data)


def _part(reading: _Reading, part: str, header: PlanHeader) -> Iterator[Written]:
    """The rows of targets.csv or directions.csv."""
    path = reading.folder / f"{part}.csv"
    if not path.is_file():
        return
    for line, cells in _lines(reading, path, part):
        try:
            rows = _direction(reading, line, cells, header) if part == "directions" else _target(reading.folder.name, cells, header)
        except _Fault as fault:
            reading.fault(path, line, fault.rule, str(fault))
            continue
        yield from (Written(path, line, cells, row) for row in rows)


class _Fault(ValueError):
    """An error in a line of a plan, described in words."""

    def __init__(self, rule: str, words: str) -> None:
        super().__init__(words)
        self.rule = rule


def _lines(reading: _Reading, path: Path, part: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line below the header: its number, and its cells by column."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        reading.fault(path, None, "csv", f"byte {error.start} is no UTF-8; save the file as CSV in UTF-8")
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _is_header(reading, path, header, part):
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                words = f"{len(cells)} cells, and the header has {len(header)}; put text with a comma between quotes"
                reading.fault(path, reader.line_num, "csv", words)
                continue
            yield reader.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        reading.fault(path, reader.line_num, "csv", str(error))


def _is_header(reading: _Reading, path: Path, header: list[str], part: str) -> bool:
    missing = [name for name in COLUMNS[part] if name not in header]
    twice = sorted({name for name in header if header.count(name) > 1})
    if missing:
        words = f"the header lacks {', '.join(missing)}; it has: {', '.join(header) or 'nothing'}. The columns are separated by commas"
        reading.fault(path, 1, "csv", words)
    elif twice:
        reading.fault(path, 1, "csv", f"the header has {', '.join(twice)} more than once")
    return not missing and not twice


def _target(code: str, cells: dict[str, str], header: PlanHeader) -> list[dict[str, Any]]:
    """The rows of a target: one row for each level that has it."""
    _filled(cells, "targets")
    levels = cells["level"].split()
    if not set(levels) <= {ALL, *header.levels} or len(set(levels)) < len(levels) or (ALL in levels and len(levels) > 1):
        both = f", or {' '.join(header.levels)}" if len(header.levels) > 1 else ""
        allowed = f"{', '.join((ALL, *header.levels))}{both}"
        raise _Fault("level", f"level is '{cells['level']}', it must be {allowed} (levels of {HEADER})")
    _one_of(cells, "operator", OPERATORS)
    _one_of(cells, "kind", KINDS)
    try:
        percent = Decimal(cells["target_percent"])
    except InvalidOperation:
        percent = Decimal("nan")
    if not (percent.is_finite() and 0 <= percent <= 100):
        words = f"target_percent is '{cells['target_percent']}', it must be a number from 0 to 100 with a point for decimals"
        raise _Fault("target_percent", words)
    return [_row(code, cells, level, cells["operator"], cells["operator"], percent / 100, cells["kind"]) for level in levels]


def _direction(reading: _Reading, line: int, cells: dict[str, str], header: PlanHeader) -> list[dict[str, Any]]:
    """The rows of a direction: the value must be higher, or lower, than in the same period of the year before, at every scope."""
    _filled(cells, "directions")
    words = cells["direction"]
    before = range(header.first_day.year - 1, header.last_day.year)
    match = _DIRECTION.fullmatch(words)
    if match is None or (match["year"] is None) != (match["word"] in (UP, DOWN)):
        allowed = [UP, DOWN, *(f"{word}{same} {before[0]}" for word in ("above", "below") for same in ("", " the same period of"))]
        raise _Fault("direction", f"direction is '{words}', it must be one of: {', '.join(allowed)}")
    if match["year"] and int(match["year"]) not in before:
        reading.remarks.append(
            f"{reading.folder / 'directions.csv'}, line {line}: {cells['target_no']} says '{words}', and a direction is compared with the "
            f"year before its plan's, {before[0]}: write {before[0]} there"
        )
    operator = UP if match["word"] in (UP, "above") else DOWN
    return [_row(reading.folder.name, cells, ALL, operator, words, None, "direction")]


def _filled(cells: dict[str, str], part: str) -> None:
    empty = [name for name in COLUMNS[part] if not cells[name]]
    if empty:
        raise _Fault("empty", f"{', '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty")
    if not _CODE.fullmatch(cells["indicator_code"]):
        raise _Fault("indicator", f"indicator_code is '{cells['indicator_code']}', it must be small letters, digits and _")
    _one_of(cells, "how", HOW)


def _one_of(cells: dict[str, str], column: str, allowed: tuple[str, ...]) -> None:
    if cells[column] not in allowed:
        raise _Fault(column, f"{column} is '{cells[column]}', it must be one of: {', '.join(allowed)}")


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


def _check_twice(reading: _Reading, written: Iterable[Written]) -> None:
    """Faults of lines that repeat a target number at one level, or an indicator at one scope."""
    found = list(written)
    for position, each in enumerate(found):
        for other in found[:position]:
            row, before, there = each.row, other.row, f"{other.file}, line {other.line}"
            if (row["target_no"], row["level"]) == (before["target_no"], before["level"]):
                words = f"{row['target_no']} stands for level {row['level']} already in {there}"
                reading.fault(each.file, each.line, "target_twice", words)
            elif row["indicator_code"] == before["indicator_code"] and (
                row["level"] == before["level"] or ALL in (row["level"], before["level"])
            ):
                words = (
                    f"{row['indicator_code']} has a target at level {before['level']} already ({before['target_no']}, {there}); "
                    f"one number is judged by one target"
                )
                reading.fault(each.file, each.line, "one_target", words)
