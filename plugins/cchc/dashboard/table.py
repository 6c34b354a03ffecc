"""Tables of the pages: sorted, filtered and paged on the server, and taken along as XLSX or CSV as they are seen."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cchc.dashboard.words import Words
from cchc.errors import WrongUse
from cchc.period import ZONE
from cchc.reports.workbook import new_workbook, write_cell

PAGE_ROWS = 50
Row = Mapping[str, Any]
# where an office program would take a text for a formula: at its beginning, and, where the machine's list separator is a semicolon, as in
# Vietnam, behind one and in a new line, because such a program then cuts cells there, whatever the quotes say
FORMULA = re.compile("(^|[;\t\r\n])(?=[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-])")
RIGHT = frozenset({"count", "value", "percent", "target", "rank"})


@dataclass(frozen=True)
class Column:
    """One column: the key in its rows, its title, how its cells are written, and where they lead.

    `kind`: text, code, count, value (of the row's `indicator_kind`), percent, target, rank, day, moment, status, yes. `link`: the address
    for a row, or None. `note`: a smaller line below the text.
    """

    name: str
    title: str
    kind: str = "text"
    link: Callable[[Row], str | None] | None = None
    note: str | None = None

    @property
    def align(self) -> str:
        """The side at which its cells stand."""
        return "right" if self.kind in RIGHT else "left"


@dataclass(frozen=True)
class Asked:
    """What the reader asks of one table: the column that sorts, the direction, the text to look for, the page (from 1)."""

    sort: str | None = None
    is_descending: bool = False
    search: str = ""
    page: int = 1

    @classmethod
    def of(cls, name: str, query: Mapping[str, str], columns: Sequence[Column]) -> Asked:
        """What an address asks of the table `name`: `name.sort` (with a minus: descending), `name.q`, `name.page`. Raises WrongUse."""
        sort = query.get(f"{name}.sort") or ""
        key = sort.removeprefix("-")
        if key and key not in {column.name for column in columns}:
            raise WrongUse(f"the table '{name}' has no column '{key}' to sort by")
        page = query.get(f"{name}.page") or "1"
        if not (page.isascii() and page.isdigit() and 0 < len(page) < 8 and int(page) > 0):
            raise WrongUse(f"'{page}' is no page of a table; 1, 2, 3 …")
        return cls(key or None, sort.startswith("-"), (query.get(f"{name}.q") or "").strip()[:200], int(page))


@dataclass(frozen=True)
class Table:
    """A table as it is seen: the rows of one page, and how many there are.

    `every` gives all rows of the same order and filter, to take along.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: int
    asked: Asked = field(default_factory=Asked)
    every: Callable[[], Sequence[Row]] | None = None
    empty: str = ""
    is_searched: bool = True

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_ROWS))

    @property
    def first(self) -> int:
        """The number of the first row that is seen; 0 where there is none."""
        return (self.asked.page - 1) * PAGE_ROWS + 1 if self.rows else 0

    def all_rows(self) -> Sequence[Row]:
        """The rows of all pages."""
        return self.every() if self.every else self.rows


def table_of(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    query: Mapping[str, str],
    words: Words,
    *,
    empty: str = "",
) -> Table:
    """A table of rows that are all in memory: filtered by the text in any cell, sorted, and cut to the page that was asked for."""
    asked = Asked.of(name, query, columns)
    found = list(rows)
    if asked.search:
        wanted = asked.search.casefold()
        found = [row for row in found if any(wanted in cell_text(row, column, words).casefold() for column in columns)]
    if asked.sort:
        key = asked.sort
        there = [row for row in found if row.get(key) is not None]
        there.sort(key=lambda row: row[key], reverse=asked.is_descending)
        found = there + [row for row in found if row.get(key) is None]
    start = (asked.page - 1) * PAGE_ROWS
    return Table(name, title, tuple(columns), tuple(found[start : start + PAGE_ROWS]), len(found), asked, lambda: found, empty)


def cell_text(row: Row, column: Column, words: Words) -> str:
    """The text of a cell."""
    value = row.get(column.name)
    if column.kind == "value":
        return words.value(value, row.get("indicator_kind"))
    if column.kind in ("count", "rank"):
        return words.number(value)
    if column.kind == "percent":
        return words.value(value)
    if column.kind == "target":
        return words.target(value)
    if column.kind == "day":
        return words.day(value)
    if column.kind == "moment":
        return words.moment(value)
    if column.kind == "status":
        return words[f"status_{value}"] if value else ""
    if column.kind == "yes":
        return words["yes"] if value else ""
    return "" if value is None else str(value)


def as_csv(table: Table, words: Words) -> bytes:
    """All rows of a table as CSV for spreadsheets: UTF-8 with BOM, numbers as numbers with a decimal point, days as YYYY-MM-DD."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.title for column in table.columns])
    for row in table.all_rows():
        writer.writerow([_plain(row, column, words) for column in table.columns])
    return out.getvalue().encode("utf-8-sig")


def _plain(row: Row, column: Column, words: Words) -> str:
    value = row.get(column.name)
    if column.kind == "status":
        return cell_text(row, column, words)
    if isinstance(value, datetime):
        return value.astimezone(ZONE).isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = "" if value is None else str(value)
    return FORMULA.sub(r"\1'", text) if isinstance(value, str) else text


def as_xlsx(table: Table, words: Words, day: date) -> bytes:
    """All rows of a table as a workbook with one sheet. `day` stands in its properties in place of the time of writing."""
    out = io.BytesIO()
    book = new_workbook(out, day, title=table.title)
    looks: dict[type, Any] = {
        date: book.add_format({"num_format": "dd/mm/yyyy"}),
        datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
    }
    sheet = book.add_worksheet(table.name[:31])
    head = book.add_format({"bold": True})
    for place, column in enumerate(table.columns):
        write_cell(sheet, 0, place, column.title, head)
        sheet.set_column(place, place, 40 if column.kind == "text" else 16)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(table.all_rows(), 1):
        for place, column in enumerate(table.columns):
            value = row.get(column.name)
            if column.kind in ("status", "yes"):
                value = cell_text(row, column, words)
            if isinstance(value, datetime):
                value = value.astimezone(ZONE).replace(tzinfo=None)  # a workbook knows no zones
            elif isinstance(value, (list, tuple, dict)):
                value = str(value)
            write_cell(sheet, number, place, value, looks.get(type(value)))
    book.close()
    return out.getvalue()
