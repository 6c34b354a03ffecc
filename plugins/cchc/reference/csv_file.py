"""Read the project's own CSV files strictly: every error names the file, the line, the column, the value and what is allowed.

A spreadsheet program may have saved the file, so a byte-order mark and lines without any value are accepted. Everything else is an error.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from cchc.errors import NotConfigured

TRUTH = {"true": True, "false": False}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SHOWN = 20  # a message lists at most so many errors, because a wrong kind of file has an error in every line


@dataclass
class Faults:
    """The errors found in one file. `refuse` raises them all together, so that a person can correct the file in one step."""

    file: str
    found: list[str] = field(default_factory=list)

    def add(self, line: int | None, column: str | None, text: str) -> None:
        """Add one error, with its line in the file (the header is line 1) and its column; None if it has none."""
        where = ", ".join([*([f"line {line}"] if line is not None else []), *([f"column {column}"] if column else [])])
        self.found.append(f"{self.file}, {where}: {text}" if where else f"{self.file}: {text}")

    def refuse(self) -> None:
        """Raise NotConfigured if there is any error; nothing of the file is loaded then."""
        if not self.found:
            return
        more = len(self.found) - _SHOWN
        lines = [*self.found[:_SHOWN], *([f"… and {more} more"] if more > 0 else [])]
        raise NotConfigured("\n  ".join(["nothing was loaded; mend these lines and run `cchc init` again:", *lines]))


@dataclass(frozen=True)
class Line:
    """One line of a file: its number, and its cells by column, without leading and trailing blanks."""

    number: int
    cells: dict[str, str]
    faults: Faults = field(repr=False, compare=False)

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def fault(self, column: str, text: str) -> None:
        """Add an error about a cell."""
        self.faults.add(self.number, column, text)

    def needed(self, column: str) -> str:
        """The text of a cell; an empty cell is an error."""
        if not self.cells[column]:
            self.fault(column, "it is empty, and it is needed")
        return self.cells[column]

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """The text of a cell; a text that is not one of `allowed` is an error."""
        value = self.needed(column)
        if value and value not in allowed:
            self.fault(column, f"'{value}' stands there; allowed are {', '.join(allowed)}")
        return value

    def day(self, column: str, *, optional: bool = False) -> date | None:
        """The date in a cell, written as YYYY-MM-DD.

        None if the cell is empty (an error unless `optional`), or if it cannot be read (an error).
        """
        value = self.cells[column]
        if not value:
            if not optional:
                self.fault(column, "it is empty, and it is needed: a day as 2023-12-31")
            return None
        found = day(value)
        if found is None:
            self.fault(column, f"'{value}' stands there; allowed is a day of the calendar as 2023-12-31" + (" or nothing" * optional))
        return found

    def truth(self, column: str) -> bool | None:
        """The truth value in a cell: true or false, also in capital letters as spreadsheets write them; None and an error otherwise."""
        value = self.needed(column)
        if value and value.lower() not in TRUTH:
            self.fault(column, f"'{value}' stands there; allowed are {', '.join(TRUTH)}")
        return TRUTH.get(value.lower())


def day(value: str) -> date | None:
    """The date that is written as YYYY-MM-DD; None if the text is no such date."""
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        return None


def read_lines(path: Path, columns: Sequence[str], faults: Faults) -> list[Line]:
    """The lines of a CSV file (UTF-8, separated by commas) with exactly these columns, in any order. Lines without any value are skipped.

    Errors in single lines are added to `faults`. Raises NotConfigured at once if the whole file cannot be read: it does not exist, it is
    not UTF-8, or its header is wrong.
    """
    content = _text(path, faults)
    rows = csv.reader(io.StringIO(content, newline=""), strict=True)
    found: list[Line] = []
    header: list[str] | None = None
    try:
        for cells in rows:
            if header is None:
                header = [cell.strip() for cell in cells]
                _check_header(header, columns, faults)
                continue
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if len(values) != len(header):
                faults.add(
                    rows.line_num, None, f"it has {len(values)} cells, not {len(header)} as the header; a comma inside a cell needs quotes"
                )
                continue
            found.append(Line(rows.line_num, dict(zip(header, values, strict=True)), faults))
    except csv.Error as error:
        faults.add(rows.line_num, None, f"it cannot be read as CSV: {error}")
    if header is None:
        faults.add(None, None, f"it is empty; its first line must be {','.join(columns)}")
        faults.refuse()
    return found


def _text(path: Path, faults: Faults) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        faults.add(None, None, f"it cannot be read: {error.strerror or error}")
        faults.refuse()
        raise
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.add(line, None, "it is not UTF-8; save the file as CSV UTF-8")
        faults.refuse()
        raise


def _check_header(header: list[str], columns: Sequence[str], faults: Faults) -> None:
    """Check that the header has each column exactly once and no other column. Raises NotConfigured otherwise."""
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        faults.add(1, None, f"its columns are not separated by commas; it must be {','.join(columns)}")
        faults.refuse()
    for column in columns:
        if column not in header:
            faults.add(1, column, f"the column is missing; the header must have {','.join(columns)}")
    for column in dict.fromkeys(header):
        if column not in columns:
            faults.add(1, column or "(without a name)", f"the column is unknown; the header may have {','.join(columns)}")
        elif header.count(column) > 1:
            faults.add(1, column, "the column is there more than once")
    faults.refuse()
