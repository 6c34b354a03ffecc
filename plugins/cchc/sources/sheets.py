"""The records of a sheet of a workbook. Only the process of `workbook_process` reads them: a sheet may ask for any amount of memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, time
from typing import Any
from unicodedata import normalize

import python_calamine

from cchc.sources.files import Tally, Unfinished, Unreadable, picked_columns
from cchc.sources.profile import Entity, Files, Profile
from cchc.sources.times import render


def read(data: bytes, entity: Entity, profile: Profile, files: Files, tally: Tally) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row, record) for each row of a sheet that is not empty: the first sheet, or the one that the profile names.

    Raises Unfinished if the file is not a complete workbook, and Unreadable if it breaks its contract.
    """
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (python_calamine.CalamineError, python_calamine.ZipError, OSError, ValueError) as error:
        raise Unfinished(f"it is no whole workbook ({type(error).__name__})") from error
    names = workbook.sheet_names
    if not names or (files.sheet is not None and files.sheet not in names):
        raise Unreadable(f"none of its {len(names)} sheets is named {files.sheet or ''}", "files.formats.sheet")
    chosen = files.sheet or names[0]
    tally.other_sheets = [name for name in names if name != chosen and workbook.get_sheet_by_name(name).height]
    rows = workbook.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    if not rows:
        raise Unreadable("line 1: there is no header")
    tally.header = header = [normalize("NFC", str(cell)).strip() for cell in rows[0]]
    picks = picked_columns(header, entity, rows[1:])
    formats = {name: column.formats for name, column in entity.wire_fields.items() if column is not None and column.formats}
    for number, row in enumerate(rows[1:], 2):
        if any(cell != "" for cell in row):
            tally.rows += 1
            yield number, {name: _cell(row[index], formats.get(name, profile.time_formats)) for index, name in picks}


def _cell(value: Any, formats: tuple[str, ...]) -> Any:
    """The value of a cell as text or JSON scalar: times in the format of the source, floats without a fraction as whole numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, date):
        return render(value, formats)
    return value.isoformat() if isinstance(value, time) else str(value) if not isinstance(value, (str, int, float, bool)) else value
