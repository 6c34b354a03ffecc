"""The project's own CSV files read strictly: what cannot be read is refused with file, line, column, what stands there and what is allowed.

A spreadsheet may have saved the file: a byte-order mark and lines without any value are taken as they are meant, everything else is said.
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
_SHOWN = 20  # faults told at once: a file of another kind has one a line


@dataclass
class Faults:
    """What cannot be read in one file; `refuse` raises them all at once, so that somebody mends the file in one go."""

    file: str
    found: list[str] = field(default_factory=list)

    def add(self, line: int | None, column: str | None, text: str) -> None:
        """One fault, with the line of the file (the header is line 1) and the column, where it has them."""
        where = ", ".join([*([f"line {line}"] if line is not None else []), *([f"column {column}"] if column else [])])
        self.found.append(f"{self.file}, {where}: {text}" if where else f"{self.file}: {text}")

    def refuse(self) -> None:
        """Raises NotConfigured where anything was found: nothing of the file is loaded then."""
        if not self.found:
            return
        more = len(self.found) - _SHOWN
        lines = [*self.found[:_SHOWN], *([f"… and {more} more"] if more > 0 else [])]
        raise NotConfigured("\n  ".join(["nothing was loaded; mend these lines and run `cchc init` again:", *lines]))


@dataclass(frozen=True)
class Line:
    """One line of a file: its number, and its cells by column, without the blanks around them."""

    number: int
    cells: dict[str, str]
    faults: Faults = field(repr=False, compare=False)

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def fault(self, column: str, text: str) -> None:
        """Say what is wrong with a cell."""
        self.faults.add(self.number, column, text)

    def needed(self, column: str) -> str:
        """The cell; an empty one is a fault."""
        if not self.cells[column]:
            self.fault(column, "it is empty, and it is needed")
        return self.cells[column]

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """The cell, which is one of some words."""
        value = self.needed(column)
        if value and value not in allowed:
            self.fault(column, f"'{value}' stands there; allowed are {', '.join(allowed)}")
        return value

    def day(self, column: str, *, optional: bool = False) -> date | None:
        """The day in the cell as YYYY-MM-DD; None where it is empty (a fault, unless it may be) or cannot be read (a fault)."""
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
        """Whether it says true, also in the capitals that spreadsheets write; None where it is neither (a fault)."""
        value = self.needed(column)
        if value and value.lower() not in TRUTH:
            self.fault(column, f"'{value}' stands there; allowed are {', '.join(TRUTH)}")
        return TRUTH.get(value.lower())


def day(value: str) -> date | None:
    """A day written as YYYY-MM-DD; None where it is none."""
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        return None


def read_lines(path: Path, columns: Sequence[str], faults: Faults) -> list[Line]:
    """The lines of a CSV file (UTF-8, commas) with exactly these columns, in any order; lines without any value are passed over.

    What cannot be read goes to `faults`. Raises NotConfigured at once where the file as a whole cannot be read: it is not there, it is no
    UTF-8, or its header is another one.
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
    """The header has each column once and no other. Raises NotConfigured otherwise: no line could be read by it."""
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
