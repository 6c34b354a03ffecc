"""The records of a table that stands in a file as the entity's layout says: from its header to its end, whatever the kind of the file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import ceil
from typing import Any

from cchc.sources.delivered import Tally, Unreadable, known_names, picked_columns
from cchc.sources.header import SEARCHED_ROWS, Header, Merged, Row, find_header, is_empty, joined, met, name_of
from cchc.sources.profile import Entity, Layout
from cchc.sources.records import Problem


def table_records(
    rows: Iterable[Row], entity: Entity, tally: Tally, trailer: str | None = None, merged: Merged = ()
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """Yield (row, record) for each record of a table, with a Problem in place of a row with another number of cells.

    `rows`: all rows of the file or sheet. Records have the cells as they are. What is no record is counted in `tally.left`. Raises
    Unreadable if there is no header, if the header lacks columns, or if the end of the table is not where the profile says.
    """
    layout = entity.layout or Layout()
    given = iter(rows)
    header, read = find_header(given, entity, layout, merged)
    if header is None:
        place = f"row {layout.header_row}" if layout.header_row else "line 1"
        raise Unreadable(f"{place}: there is no header", *((f"{_place(entity)}.header_row",) if layout.header_row else ()))
    first, rest = _peeked(itertools.chain(read, given))
    header, picks = _picks(header, entity, layout, first)
    tally.header = header.names
    for _, row in header.above:
        tally.left.before_header += not is_empty(row)
        tally.left.empty += is_empty(row)
    yield from _Body(entity, layout, tally, header, picks, trailer).records(rest)


def _peeked(rows: Iterator[Row]) -> tuple[list[Any], Iterator[Row]]:
    """The cells of the first row, and all rows."""
    first = next(rows, None)
    return ([], rows) if first is None else (first[1], itertools.chain([first], rows))


def _picks(header: Header, entity: Entity, layout: Layout, first: list[Any]) -> tuple[Header, list[tuple[int, str]]]:
    """The header with the known names, and the columns that may land, each with its place.

    Raises LacksColumns or Unreadable if the header is not that of the profile.
    """
    if layout.names:
        place = f"{_place(entity)}.names"
    elif layout.header_row is None:
        place = f"row {header.row} (of the first {SEARCHED_ROWS} rows the one most like a header)"
    else:
        place = f"row {header.row}"
    header = replace(header, names=known_names(header.names, entity, place))
    # a header that is as good without its last row may have a record in it, so none of its names is shown
    shown = [] if _is_as_good_shorter(header, entity) else first
    return header, picked_columns(header.names, entity, [shown], place)


def _is_as_good_shorter(header: Header, entity: Entity) -> bool:
    """Whether the upper rows of a header over several rows have as many of the columns as all of them."""
    return any(met(joined(header.rows[:count]), entity) >= met(header.names, entity) for count in range(1, len(header.rows)))


def _place(entity: Entity) -> str:
    return f"entities.{entity.name}.layout"


class _Body:
    """The rows below a header: each is a record, or counted as one that is none."""

    def __init__(
        self, entity: Entity, layout: Layout, tally: Tally, header: Header, picks: list[tuple[int, str]], trailer: str | None
    ) -> None:
        self.entity, self.layout, self.tally, self.picks, self.trailer = entity, layout, tally, picks, trailer
        self._names = header.names
        # columns of which a cell of the header that is merged at the bottom takes the name away: they must be merged in the records, too
        self._spanned = {column: header.names[left] for column, left in header.spanned.items() if left in dict(picks)}
        self._header_rows = {trimmed(row) for row in header.rows}
        key = {*entity.key, *(entity.key_else or ())}
        self._any_key = [index for index, name in picks if name in key]
        self._key = [index for index, name in picks if name in entity.key]
        self._to_skip = layout.below_header
        self._has_records = False

    def records(self, rows: Iterator[Row]) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
        """Yield the records up to the end of the table; then look through the rows below it."""
        end = self.layout.end
        for number, row in rows:
            if self._ends(row):
                self._below(number, row, rows)
                return
            if not self._is_left(row):
                self._has_records = True
                self._require_one_value(number, row)
                yield number, self._record(row)
        if end is not None and end.required:
            raise Unreadable("the end of the table is not found, so a part of it may be missing", f"{_place(self.entity)}.end")

    def _is_left(self, row: list[Any]) -> bool:
        """Whether a row above the end of the table is no record; it is then counted."""
        tally, left = self.tally, self.tally.left
        if is_empty(row):
            left.empty += 1
        elif tally.trailer is not None:
            tally.after_trailer += 1
        elif self._to_skip:
            self._to_skip -= 1
            left.below_header += 1
        elif self.trailer is not None and str(row[0]).strip() == self.trailer:
            tally.trailer = [str(cell).strip() for cell in row]
        elif trimmed(map(name_of, row)) in self._header_rows:
            left.repeated_headers += 1
        elif _begins(row, self.layout.not_records):
            left.not_records += 1
        else:
            return False
        return True

    def _require_one_value(self, number: int, row: list[Any]) -> None:
        """Raise Unreadable if a column that is used stands below a merged cell with another column that has values of its own."""
        for column, name in self._spanned.items():
            if _has(row, column):
                raise Unreadable(
                    f"the cell {name} of the header is merged over several columns, and row {number} has a value in column {column + 1} "
                    "too, so one name stands for several columns: say how many rows the header has, or its names",
                    f"{_place(self.entity)}.header_rows",
                )

    def _record(self, row: list[Any]) -> dict[str, Any] | Problem:
        width = len(self._names)
        if len(row) < width or not is_empty(row[width:]):
            return Problem(f"{len(row)} cells where the header has {width}")
        self.tally.count(self._names, row[:width])
        return {name: row[index] for index, name in self.picks}

    def _ends(self, row: list[Any]) -> bool:
        """Whether the table ends at this row."""
        end = self.layout.end
        if end is None or self.tally.trailer is not None:
            return False
        if is_empty(row):
            return end.empty_row and self._has_records
        if self._to_skip:
            return False
        return _begins(row, end.begins_with) or (end.empty_key and not any(_has(row, index) for index in self._any_key))

    def _below(self, end: int, its_row: list[Any], rows: Iterator[Row]) -> None:
        """Count the rows from the end of the table on. Raises Unreadable for a row below it that looks like a record."""
        left = self.tally.left
        left.end_row = end
        left.empty += is_empty(its_row)
        left.below_end += not is_empty(its_row)
        looks_further = self.layout.end is not None and not self.layout.end.tables_below
        for number, row in rows:
            left.empty += is_empty(row)
            left.below_end += not is_empty(row)
            if looks_further and self._looks_like_record(row):
                raise Unreadable(
                    f"row {number} looks like a record and stands below the end of the table (row {end}), where nothing is read",
                    f"{_place(self.entity)}.end",
                )

    def _looks_like_record(self, row: list[Any]) -> bool:
        """Whether a row has the whole key and at least half of the columns that are read, two at the least."""
        filled = sum(_has(row, index) for index, _ in self.picks)
        return filled >= max(2, ceil(len(self.picks) / 2)) and all(_has(row, index) for index in self._key)


def trimmed(names: Iterable[str]) -> tuple[str, ...]:
    """Names without the empty ones at their end."""
    found = list(names)
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _has(row: list[Any], index: int) -> bool:
    return index < len(row) and not is_empty([row[index]])


def _begins(row: list[Any], texts: tuple[str, ...]) -> bool:
    """Whether the first filled cell of a row begins with one of these texts, in capitals or not."""
    if not texts:
        return False
    first = next((name for cell in row if (name := name_of(cell))), "").casefold()
    return first.startswith(tuple(name_of(text).casefold() for text in texts))
