"""What of a delivered table is read and is no record: counted by kind, so that every row and every sheet of a file is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MOST_SHEETS = 5


@dataclass
class LeftAlone:
    """The rows and sheets of one file that became no record. Every row that is not empty counts in one of the kinds.

    `before_header`, `below_header`: rows above the header, and those right below it that the profile leaves out. `empty`: empty rows.
    `repeated_headers`: rows that repeat the header. `not_records`: rows that the profile calls no records. `below_end`: rows from
    `end_row` on, where the table ends. `sheets`: the places (from 1) of sheets of a workbook that have cells and are not read.
    `valueless`: cells of the sheets that are errors such as #N/A, or formulas without a kept value; they are read as empty ones.
    `names`: what to say of columns or fields that bear a name which is one of the profile in other years alone.
    """

    before_header: int = 0
    below_header: int = 0
    empty: int = 0
    repeated_headers: int = 0
    not_records: int = 0
    below_end: int = 0
    end_row: int | None = None
    sheets: list[int] = field(default_factory=list)
    valueless: int = 0
    names: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """The kinds that there were, for a manifest."""
        return {kind: found for kind, found in asdict(self).items() if found}

    def add(self, facts: dict[str, Any]) -> None:
        """Add what `facts` of another file or sheet says; the end is that of the last one."""
        for kind, found in facts.items():
            setattr(self, kind, found if kind == "end_row" else getattr(self, kind) + found)


def rows_in_words(facts: dict[str, Any]) -> str:
    """The rows that became no records, as a list in words; an empty text if there are none. `facts`: those of `LeftAlone.facts`."""
    parts = [words for kind, told in _ROWS.items() if (words := _counted(facts.get(kind, 0), *told))]
    if below := facts.get("below_end", 0):
        end = facts.get("end_row")
        parts.append(f"{_counted(below, 'row', 'rows')} from {f'row {end} on, where the table ends' if end else 'the end of the table on'}")
    return ", ".join(parts)


def places_of_sheets(facts: dict[str, Any]) -> str:
    """Which sheets of a workbook were not read, by their places: ` (numbers 2, 3)`; an empty text if that is not known."""
    sheets = facts.get("sheets", [])
    if not sheets:
        return ""
    shown = ", ".join(map(str, sheets[:MOST_SHEETS]))
    more = f" and {len(sheets) - MOST_SHEETS} more" if len(sheets) > MOST_SHEETS else ""
    return f" ({'number' if len(sheets) == 1 else 'numbers'} {shown}{more})"


def valueless_in_words(facts: dict[str, Any]) -> str:
    """What to say of cells that look filled and have no value; an empty text if there are none."""
    cells = _counted(facts.get("valueless", 0), "cell is", "cells are")
    if not cells:
        return ""
    return (
        f"{cells} an error such as #N/A, or a formula without a kept value, and counted as missing: open the file with a spreadsheet "
        "program, mend what is wrong, and save it again"
    )


_ROWS = {
    "before_header": ("row above the header", "rows above the header"),
    "below_header": ("row right below the header", "rows right below the header"),
    "empty": ("empty row", "empty rows"),
    "repeated_headers": ("row that repeats the header", "rows that repeat the header"),
    "not_records": ("row of layout.not_records", "rows of layout.not_records"),
}


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else ""
