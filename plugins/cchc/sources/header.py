"""Find the header of a table by its names or by its row, and join the names of a header that goes over several rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from unicodedata import normalize

from cchc.sources.profile_types import Entity, Layout

SEARCHED_ROWS = 50
JOINT = " / "

Row = tuple[int, list[Any]]  # the number of its first line in the file (from 1), and its cells
Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]  # the first and the last cell of merged ones: (row, column), from 0


@dataclass(frozen=True)
class Header:
    """A header: its row (0 if the profile has its names), the names of its columns, its rows as names, and the rows above it.

    `spanned`: the columns without a name of their own, because a merged cell at the bottom of the header goes over them: the place of such
    a column → the place of the first column of the cell, which has the name.
    """

    row: int
    names: list[str]
    rows: list[list[str]]
    above: list[Row]
    spanned: dict[int, int] = field(default_factory=dict)


def name_of(cell: Any) -> str:
    """A cell of a header as a name: NFC, with one blank in place of blanks and line breaks."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(normalize("NFC", str(cell)).split())


def is_empty(row: list[Any]) -> bool:
    """Whether a row has no cell with something else than blanks."""
    return not any(cell.strip() if isinstance(cell, str) else cell is not None for cell in row)


def met(names: Iterable[str], entity: Entity) -> int:
    """How many of the columns that the profile uses are among these names, by whichever of their names."""
    aliases = entity.aliases
    return len(set(entity.table_columns) & {aliases.get(name, name) for name in names})


def find_header(rows: Iterator[Row], entity: Entity, layout: Layout, merged: Merged = ()) -> tuple[Header | None, list[Row]]:
    """The header of a table, and the rows below it that were read to find it; None if there are no such rows.

    If the header is looked for by its names and no row has all of them, the row with most of them is given. Where the profile has no
    names yet (a draft), it is the first row, or below titles the first one that reads as names.
    """
    if layout.names:
        return Header(0, list(layout.names), [], []), []
    if layout.header_row is not None:
        above = list(_until(rows, layout.header_row))
        if not above or above[-1][0] != layout.header_row:
            return None, []
        read = [above.pop(), *islice(rows, layout.header_rows - 1)]
        return (_header(read, above, merged), []) if len(read) == layout.header_rows else (None, [])
    read = list(islice(rows, SEARCHED_ROWS + layout.header_rows - 1))
    found = [_header(read[at : at + layout.header_rows], read[:at], merged) for at in range(len(read) - layout.header_rows + 1)]
    if not found:
        return None, []
    if entity.table_columns:
        best = max(found, key=lambda header: met(header.names, entity))  # the first of equal ones
    else:
        most = max(_named(header) for header in found)
        best = next((header for header in found if _reads_as_names(header, most)), found[0])
    return best, read[len(best.above) + layout.header_rows :]


def _named(header: Header) -> int:
    return sum(map(bool, header.names))


def _reads_as_names(header: Header, most: int) -> bool:
    """Whether a row has nearly as many filled cells as any (`most`), each once and each with a letter; a name may stand above no record."""
    names = [name for name in header.names if name]
    return 5 * len(names) >= 4 * most and len(set(names)) == len(names) and all(any(map(str.isalpha, name)) for name in names)


def _until(rows: Iterator[Row], number: int) -> Iterator[Row]:
    """The rows up to the one that begins at the line `number`, or after it."""
    for row in rows:
        yield row
        if row[0] >= number:
            return


def _header(rows: list[Row], above: list[Row], merged: Merged) -> Header:
    named = [[name_of(cell) for cell in cells] for _, cells in rows]
    inside = _inside(merged, rows[0][0], len(rows))
    spanned = {column: left for (_, left), (bottom, right) in inside if bottom >= len(rows) - 1 for column in range(left + 1, right + 1)}
    return Header(rows[0][0], joined(named, inside), named, above, spanned)


def _inside(merged: Merged, first: int, count: int) -> Merged:
    """The merged cells that begin within `count` rows from the row `first` on, with their rows counted from there."""
    top = first - 1
    return [((r - top, c), (r2 - top, c2)) for (r, c), (r2, c2) in merged if top <= r < top + count]


def joined(rows: list[list[str]], merged: Merged = ()) -> list[str]:
    """The names of the columns of a header that goes over `rows`: the different names of a column from the top, joined by ` / `.

    A merged cell above other names counts for all of its columns. One at the bottom of the header is the name of the first of them alone,
    because nothing below it tells them apart. Where it is not known which cells are merged (CSV), an empty cell above another name takes
    the name of its left neighbour, if that also stands above another name.
    """
    width = max(map(len, rows))
    cells = [row + [""] * (width - len(row)) for row in rows]
    for (row, left), (bottom, right) in merged:
        if bottom >= len(cells) - 1:
            continue
        cells[row][left : right + 1] = [cells[row][left]] * (min(right, width - 1) + 1 - left)
    if not merged:
        for above in range(len(cells) - 1):
            _fill(cells, above)
    return [JOINT.join(part for at, part in enumerate(column) if part and part not in column[:at]) for column in zip(*cells, strict=True)]


def _fill(cells: list[list[str]], above: int) -> None:
    """Fill the empty cells of the row `above` from the left, within columns that have the same names above it."""
    for column in range(1, len(cells[above])):
        left = column - 1
        is_group = all(any(row[place] for row in cells[above + 1 :]) for place in (left, column))
        same_above = all(row[left] == row[column] for row in cells[:above])
        if not cells[above][column] and is_group and same_above:
            cells[above][column] = cells[above][left]
