"""Files that tests read and write: CSV and workbooks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def workbook(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], sheet: str | None = None) -> Workbook:
    """A plain workbook: the header `columns`, then these rows; a row without a column has an empty cell. `sheet` names its sheet."""
    book = Workbook()
    made = book.worksheets[0]
    if sheet is not None:
        made.title = sheet
    made.append(list(columns))
    for row in rows:
        made.append([row.get(column) for column in columns])
    return book


def bytes_of(book: Workbook) -> bytes:
    """A workbook as the content of a file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
