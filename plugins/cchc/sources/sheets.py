"""The records of the sheets of a workbook. Only the process of `workbook_process` reads them: a sheet may ask for any amount of memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, time
from fnmatch import fnmatchcase
from typing import Any
from unicodedata import normalize

import python_calamine

from cchc.sources.delivered import Tally, Unfinished, Unreadable, known_names, picked_columns
from cchc.sources.header import is_empty
from cchc.sources.profile import Entity, Files, Profile
from cchc.sources.records import Problem
from cchc.sources.table_rows import table_records
from cchc.sources.times import Reading
from cchc.sources.valueless_cells import count_valueless

SHEET_STEP = 10_000_000  # a row of the second sheet of a file has the number 20,000,000 + its row, if several sheets are read


def read(data: bytes, entity: Entity, profile: Profile, files: Files, tally: Tally) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """Yield (row, record) for each row of a sheet that is not empty: the first sheet, or those that the profile names.

    Raises Unfinished if the file is not a complete workbook, and Unreadable if it breaks its contract.
    """
    if data.lstrip()[:1] == b"<":
        raise Unreadable("it is a web page or XML under the name of a workbook; have it saved as .xlsx by a spreadsheet program")
    if _is_binary(data):
        raise Unreadable("it is a binary workbook (.xlsb), whose errors cannot be told from empty cells; have it saved as .xlsx")
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (python_calamine.CalamineError, python_calamine.ZipError, OSError, ValueError) as error:
        raise Unfinished(f"it is no whole workbook ({type(error).__name__})") from error
    names = workbook.sheet_names
    chosen = _chosen(names, entity, files)
    others = [name for name in names if name not in chosen and workbook.get_sheet_by_name(name).height]
    tally.other_sheets = others
    tally.left.sheets = [place for place, name in enumerate(names, 1) if name in others]
    tally.left.valueless = sum(count_valueless(data, name) for name in chosen)
    cell = _cells(entity, profile)
    if entity.layout is None:
        yield from _plain(workbook.get_sheet_by_name(chosen[0]), entity, tally, cell)
        return
    headers: list[set[str]] = []
    for name in chosen:
        above = 0 if len(chosen) == 1 else (names.index(name) + 1) * SHEET_STEP
        yield from _laid_out(workbook.get_sheet_by_name(name), entity, files, tally, cell, above)
        headers.append(set(entity.table_columns) & set(tally.header or ()))
        if headers[-1] != headers[0]:
            other = sorted(headers[-1] ^ headers[0])
            raise Unreadable(f"sheets {names.index(chosen[0]) + 1} and {names.index(name) + 1} do not both have {', '.join(other)}")


def _is_binary(data: bytes) -> bool:
    """Whether it is an .xlsb, whatever its name says."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "xl/workbook.bin" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _chosen(names: list[str], entity: Entity, files: Files) -> list[str]:
    """The names of the sheets that are read, in the order of the file."""
    patterns = entity.layout.sheets if entity.layout is not None else ()
    if patterns:
        chosen = [name for name in names if any(fnmatchcase(normalize("NFC", name), pattern) for pattern in patterns)]
        if not chosen:
            told = ", ".join(patterns)
            raise Unreadable(f"none of its {len(names)} sheets has a name like {told}", f"entities.{entity.name}.layout.sheets")
        return chosen
    if not names or (files.sheet is not None and files.sheet not in names):
        raise Unreadable(f"none of its {len(names)} sheets is named {files.sheet or ''}", "files.formats.sheet")
    return [files.sheet or names[0]]


def _plain(
    sheet: python_calamine.CalamineSheet, entity: Entity, tally: Tally, cell: Callable[[str, Any], Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a sheet whose first row is the header."""
    rows = sheet.to_python(skip_empty_area=False)
    if not rows:
        raise Unreadable("line 1: there is no header")
    tally.header = header = known_names([normalize("NFC", str(cell)).strip() for cell in rows[0]], entity)
    picks = picked_columns(header, entity, rows[1:])
    for number, row in enumerate(rows[1:], 2):
        if is_empty(row):
            tally.left.empty += 1
        else:
            tally.rows += 1
            yield number, {name: cell(name, row[index]) for index, name in picks}


def _laid_out(
    sheet: python_calamine.CalamineSheet, entity: Entity, files: Files, tally: Tally, cell: Callable[[str, Any], Any], above: int
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """The records of a sheet whose table stands as the entity's layout says. `above`: what is added to the numbers of its rows."""
    rows = sheet.to_python(skip_empty_area=False)
    try:
        for number, record in table_records(enumerate(rows, 1), entity, tally, files.trailer, sheet.merged_cell_ranges or ()):
            if isinstance(record, Problem):
                yield above + number, record
            else:
                yield above + number, {name: cell(name, value) for name, value in record.items()}
    except Unreadable as error:
        if above:
            error.args = (f"sheet {above // SHEET_STEP}, {error}", *error.args[1:])
        raise
    if above:
        tally.left.end_row = None  # each sheet has its own


def _cells(entity: Entity, profile: Profile) -> Callable[[str, Any], Any]:
    """A function that gives the value of a cell of a column as text or JSON scalar."""
    readings = {name: profile.reading(column) for name, column in entity.wire_fields.items()}
    if entity.changed_at is not None and entity.wire_fields[entity.changed_at] is None:
        readings[entity.changed_at] = profile.clock(entity)
    plain = profile.reading()
    return lambda name, value: _cell(value, readings.get(name, plain))


def _cell(value: Any, reading: Reading) -> Any:
    """The value of a cell as text or JSON scalar: times in the format of the source, floats without a fraction as whole numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, date):
        return reading.render(value)
    return value.isoformat() if isinstance(value, time) else str(value) if not isinstance(value, (str, int, float, bool)) else value
