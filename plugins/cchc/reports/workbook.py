"""The workbooks: form II.06a with its formulas, and every table that is a paper of its own. The same rows give the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name

from cchc.errors import CchcError, NotConfigured
from cchc.forms.form_06a import COLUMNS, IDENTITIES, total
from cchc.forms.form_06a import Row as FormRow
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content, Unit
from cchc.reports.formats import COUNT
from cchc.reports.layout import OFFICE, Layout, Letterhead, filled
from cchc.reports.layout_file import LAST, ColumnEntry
from cchc.reports.rows import Line
from cchc.reports.seal import Seal
from cchc.reports.tables import Filled, Tables, is_alert, shown

FONT = "Times New Roman"  # where it is missing, Liberation Serif takes the same room
ONE_PAGE = 32  # up to so many fields the form fits on one page with the signature and can still be read
A4 = 9
PADDING = 5 / 7  # XlsxWriter adds the margins of a cell to the width of its column; the layout's widths have them


def form_workbook(content: Content, layout: Layout) -> bytes:
    """Form II.06a: a sheet for the scope, then one for each unit that was asked for."""
    book = _Book(content, layout, layout.form.title)
    scope = content.unit or content.district
    for index, (unit, rows) in enumerate([(scope, content.form), *content.unit_forms]):
        name = layout.form.sheet if index == 0 else sheet_name(unit)
        _Form(book.sheet(name), content, layout, unit, rows).write()
    return book.bytes()


def table_workbook(content: Content, layout: Layout, name: str) -> bytes:
    """A table that is a paper of its own (annex, late, due, ranking), and its summary where it has one."""
    tables = Tables(content, layout)
    table = tables.fill(name)
    head = layout.letterhead(content.unit or content.district)
    book = _Book(content, layout, table.title)
    _write_table(book.sheet(table.table.sheet or name), table, head, tables.source_note())
    summary = tables.fill(table.table.summary) if table.table.summary else None
    if summary is not None and summary.rows:
        _write_table(book.sheet(summary.table.sheet or table.table.summary or ""), summary, head, "")
    return book.bytes()


def sheet_name(unit: Unit) -> str:
    """The name of a unit's sheet: at most 31 letters, none of those that Excel refuses."""
    return re.sub(r"[\\/*?:\[\]']", " ", f"{unit.unit_code} {unit.name}")[:31].strip()


def letter(number: int) -> str:
    """The letter of a column by its number: 1 is A."""
    return str(xl_col_to_name(number - 1))


def new_workbook(out: io.BytesIO, day: date, **properties: str) -> Workbook:
    """A workbook that is written into `out`, in which text stays text, whatever it begins with.

    `day`: stands in its properties in place of the time of writing, so that the same rows give the same bytes.
    """
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = Workbook(out, options)
    book.set_properties({**properties, "created": datetime.combine(day, time())})
    return book


def write_cell(sheet: Any, row: int, column: int, value: Any, look: Any) -> None:
    """Write a value into a cell; row and column count from 0. Raises CchcError if the cell cannot hold it: it would be cut off."""
    if sheet.write(row, column, value, look):
        address = f"{letter(column + 1)}{row + 1}"
        raise CchcError(
            f"the sheet {sheet.name} cannot hold what belongs into {address}: {str(value)[:60]!r} … ({len(str(value))} letters)"
        )


class _Book:
    """A workbook in memory."""

    def __init__(self, content: Content, layout: Layout, title: str) -> None:
        self.layout, self.seal = layout, content.seal
        self._out = io.BytesIO()
        self._book = new_workbook(self._out, content.period.last_day, title=title, author=content.district.name)
        self._looks: dict[tuple[Any, ...], Any] = {}

    def sheet(self, name: str) -> _Sheet:
        """A new sheet, for A4 landscape."""
        return _Sheet(self, self._book.add_worksheet(name))

    def look(self, **properties: Any) -> Any:
        """The format with these properties; made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._looks:
            self._looks[key] = self._book.add_format(properties)
        return self._looks[key]

    def bytes(self) -> bytes:
        """The file."""
        self._book.close()
        return self._out.getvalue()


class _Sheet:
    """A sheet, written cell by cell. Cells are named as in Excel: A1, or A1:C1 for cells that become one."""

    def __init__(self, book: _Book, sheet: Any) -> None:
        self._book = book
        self._sheet = sheet
        self.theme = book.layout.labels.theme
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.6)
        sheet.center_horizontally()
        self._foot(book.seal)
        sheet.set_header("", {"margin": 0.3})
        sheet.hide_gridlines(2)

    def _foot(self, seal: Seal | None) -> None:
        """The number of the page and, on the papers of an edition, its seal."""
        look = f'&"{FONT},Regular"'
        more: dict[str, Any] = {}
        text = f"&C{look}&10&P/&N"
        if seal is not None:
            text = f"&L{look}&8{seal.text_vi}{text}&R&G"
            more = {"image_right": "qr.png", "image_data_right": io.BytesIO(seal.png())}
            self._sheet.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.8)  # room for the QR code
        self._sheet.set_footer(text, {"margin": 0.15 if seal else 0.3, **more})

    def put(
        self, cells: str, value: Any, *, bold: bool = False, italic: bool = False, size: int = 11, align: str = "center",
        box: bool = False, fill: str | None = None, number_format: str | None = None, color: str | None = None, formula: str | None = None,
    ) -> None:  # fmt: skip
        """Write a value with its look. With a `formula` the value is what it gives, for readers that do not calculate."""
        wanted: dict[str, Any] = {
            "font_name": FONT,
            "font_size": size,
            "bold": bold,
            "italic": italic,
            "align": align,
            "valign": "vcenter",
            # a number is made smaller where its column is too narrow: it would be ### or broken otherwise
            "text_wrap": number_format is None,
            "shrink": number_format is not None,
            "indent": 1 if box and align != "center" else 0,
            "border": int(box),
        }
        wanted |= {"bg_color": f"#{fill}"} if fill else {}
        wanted |= {"num_format": number_format} if number_format else {}
        wanted |= {"font_color": f"#{color}"} if color else {}
        look = self._book.look(**wanted)
        first, _, last = cells.partition(":")
        if last and last != first:
            self._sheet.merge_range(cells, "", look)
        if formula is not None:
            self._sheet.write_formula(first, formula, look, value)
        else:
            row, column = xl_cell_to_rowcol(first)
            write_cell(self._sheet, row, column, value, look)

    def height(self, row: int, points: float) -> None:
        """The height of a row."""
        self._sheet.set_row(row - 1, points)

    def widths(self, widths: Sequence[float]) -> None:
        """The widths of the columns from A on."""
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width - PADDING)

    def filter(self, cells: str) -> None:
        """Let people filter these cells."""
        self._sheet.autofilter(cells)

    def mark(self, cells: str, formula: str) -> None:
        """Mark the cells for which a formula is true."""
        look = self._book._book.add_format({"bg_color": f"#{self.theme.alarm}", "font_color": f"#{self.theme.alarm_text}", "bold": True})
        self._sheet.conditional_format(cells, {"type": "formula", "criteria": formula, "format": look})

    def page(self, heads: tuple[int, int], last: str, freeze: str, *, one_page: bool = False) -> None:
        """The rows that every page repeats, the last printed cell, what stays in view; as wide as a page, or on one page as a whole."""
        self._sheet.repeat_rows(heads[0] - 1, heads[1] - 1)
        self._sheet.print_area(f"A1:{last}")
        self._sheet.freeze_panes(freeze)
        self._sheet.fit_to_pages(1, int(one_page))


class _Form:
    """One sheet of form II.06a. Each formula gets the value that it must give, for readers that do not calculate."""

    def __init__(self, sheet: _Sheet, content: Content, layout: Layout, unit: Unit, rows: Sequence[FormRow]) -> None:
        self.sheet, self.content, self.layout, self.rows = sheet, content, layout, rows
        self.form = layout.form
        self.letterhead = layout.letterhead(unit)
        self.last = letter(LAST)
        unknown = {str(row.level) for row in rows} - set(layout.office.form_levels)
        if unknown:
            raise NotConfigured(
                f"{OFFICE} of the authority names no level {', '.join(sorted(unknown))} in form_levels; its rows would be lost"
            )
        by_level = {title: [row for row in rows if row.level == level] for level, title in layout.office.form_levels.items()}
        self.levels = {title: of_level for title, of_level in by_level.items() if of_level}

    def write(self) -> None:
        """Fill the sheet."""
        self.sheet.widths(self.form.widths)
        top = self._head()
        first = self._header(top)
        total_row = self._body(first)
        last = self._foot(total_row + 1)
        self._checks(last + 2, first, total_row)
        self.sheet.page((top, first - 1), f"{self.last}{last}", f"C{first}", one_page=len(self.rows) <= ONE_PAGE)

    def _head(self) -> int:
        form, content, put = self.form, self.content, self.sheet.put
        words = {"period": vi.period_name(content.period), "span": vi.span(content.period)}
        put("A1:C1", form.form, bold=True, align="left")
        put(f"J1:{self.last}1", filled(form.reporter, reporter=self.letterhead.agency_name), align="left")
        put(f"J2:{self.last}2", filled(form.receiver, receiver=self.letterhead.reports_to), align="left")
        put(f"A3:{self.last}3", form.title, bold=True, size=14)
        put(f"A4:{self.last}4", filled(form.period, **words), italic=True, size=12)
        put(f"J5:{self.last}5", form.measure, italic=True, align="right")
        for row, height in ((1, 32), (2, 32), (3, 24), (4, 20), (5, 18)):
            self.sheet.height(row, height)
        return 6

    def _header(self, top: int) -> int:
        fill = self.sheet.theme.head
        for cells, words in self.form.header.items():
            shifted = ":".join(f"{cell[0]}{int(cell[1:]) + top - 1}" for cell in cells.split(":"))
            self.sheet.put(shifted, words, bold=True, size=10, box=True, fill=fill)
        numbers = top + max(int(cells[-1]) for cells in self.form.header)
        for number in (1, 2, *COLUMNS):
            self.sheet.put(f"{letter(number)}{numbers}", _numbered(number), italic=True, size=8, box=True, fill=fill)
        self.sheet.height(top + 1, 16)
        self.sheet.height(top + 2, 42)
        self.sheet.height(numbers, 24)
        return numbers + 1

    def _body(self, first: int) -> int:
        row = first
        subtotals: list[int] = []
        for title, of_level in self.levels.items():
            header, last = row, row + len(of_level)
            sums = {c: f"=SUM({c}{header + 1}:{c}{last})" for c in map(letter, COLUMNS)}
            subtotals.append(header)
            self._line(header, vi.roman(len(subtotals)), title, total(of_level), sums, self.sheet.theme.group)
            for index, found in enumerate(of_level, start=1):
                self._line(header + index, index, found.field_name or self.form.no_field, found)
            row = last + 1
        sums = {c: "=" + "+".join(f"{c}{header}" for header in subtotals) for c in map(letter, COLUMNS)} if subtotals else {}
        self._line(row, "", self.form.total, total(self.rows), sums, self.sheet.theme.head)
        return row

    def _line(
        self, row: int, index: Any, name: str, values: FormRow, formulas: dict[str, str] | None = None, fill: str | None = None
    ) -> None:
        bold = formulas is not None
        self.sheet.put(f"A{row}", index, bold=bold, box=True, fill=fill)
        self.sheet.put(f"B{row}", name, bold=bold, box=True, fill=fill, align="left")
        self.sheet.height(row, 15 * _lines(name, self.form.widths[1], bold=bold) + 3)
        for number in COLUMNS:
            column = letter(number)
            formula = (formulas or {}).get(column)
            self.sheet.put(
                f"{column}{row}", values.column(number), bold=bold, box=True, fill=fill, align="right", number_format=COUNT, formula=formula
            )

    def _foot(self, row: int) -> int:
        sums, put = total(self.rows), self.sheet.put
        words = {"returned": vi.number(sums.returned_count), "without_due": vi.number(sums.without_due_count)}
        for note in self.form.notes:
            put(f"A{row}:{self.last}{row}", filled(note, **words), italic=True, align="left", size=10)
            self.sheet.height(row, 30)
            row += 1
        put(f"A{row}:{self.last}{row}", Tables(self.content, self.layout).source_note(), italic=True, align="left", size=10)
        if self.content.is_provisional:
            row += 1
            put(f"A{row}:{self.last}{row}", self.layout.labels.provisional_note, italic=True, align="left", size=10)
        row += 2
        dated = filled(self.layout.labels.dated, place=self.letterhead.place, year=self.content.period.end.year)
        put(f"H{row}:{self.last}{row}", dated, italic=True)
        right = [*self.letterhead.signer, self.form.sign_right]
        for columns, lines in (("A{0}:E{0}", self.form.sign_left), ("H{0}:" + self.last + "{0}", right)):
            for offset, line in enumerate(lines, start=1):
                is_last = offset == len(lines)
                put(columns.format(row + offset), line, bold=not is_last, italic=is_last)
        return row + 1 + len(right) + 4

    def _checks(self, row: int, first: int, total_row: int) -> None:
        """The equations over every row: outside the print area, with an alarm inside it."""
        sheet, form = self.sheet, self.form
        sheet.put(f"A{row}:B{row}", form.check_title, bold=True, align="left", size=10)
        ok = _quoted(form.check_ok)
        before, after = form.check_wrong.split("{}")
        sums = [total(rows) for rows in (*self.levels.values(), self.rows)]
        results: dict[str, str] = {}
        for index, identity in enumerate(IDENTITIES):
            start, end = letter(3 + 2 * index), letter(4 + 2 * index)
            left, *parts = (f"{letter(number)}{first}:{letter(number)}{total_row}" for number in (identity.total, *identity.parts))
            wrong = f"SUMPRODUCT(--({left}<>{'+'.join(parts)}))"
            broken = sum(str(identity) in found.broken_identities() for found in (*self.rows, *sums))
            cell = f"{start}{row + 1}"
            results[cell] = f"{before}{broken}{after}" if broken else form.check_ok
            sheet.put(f"{start}{row}:{end}{row}", str(identity), bold=True, size=10, box=True)
            check = f"=IF({wrong}=0,{ok},{_quoted(before)}&{wrong}&{_quoted(after)})"
            sheet.put(f"{cell}:{end}{row + 1}", results[cell], size=10, box=True, formula=check)
        alarm = "" if all(result == form.check_ok for result in results.values()) else form.alarm
        holds = ",".join(f"{cell}={ok}" for cell in results)
        formula = f'=IF(AND({holds}),"",{_quoted(form.alarm)})'
        sheet.put("A5:I5", alarm, bold=True, align="left", color=sheet.theme.alert, formula=formula)
        sheet.mark(f"C{row + 1}:J{row + 1}", f'=AND(C{row + 1}<>"",C{row + 1}<>{ok})')


def _numbered(number: int) -> str:
    """What stands under a column's title: `(4)`, or `(3)=(4)+(5)+(6)` for a column that is a sum of others."""
    parts = next((identity.parts for identity in IDENTITIES if identity.total == number), ())
    return f"({number})" + ("=" + "+".join(f"({part})" for part in parts) if parts else "")


def _quoted(words: str) -> str:
    """Words as a text inside a formula."""
    return '"' + words.replace('"', '""') + '"'


def _write_table(sheet: _Sheet, filled_table: Filled, letterhead: Letterhead, source_note: str) -> None:
    columns, put = filled_table.table.columns, sheet.put
    last = letter(max(2, len(columns)))  # the head needs two halves
    sheet.widths([column.width for column in columns])
    half = max(1, len(columns) // 2)
    for row, (agency, national) in enumerate(zip(letterhead.agency, letterhead.national, strict=False), start=1):
        put(f"A{row}:{letter(half)}{row}", agency, bold=row == len(letterhead.agency), size=12)
        put(f"{letter(half + 1)}{row}:{last}{row}", national, bold=True, size=12)
    put(f"A4:{last}4", filled_table.title, bold=True, size=14)
    put(f"A5:{last}5", filled_table.subtitle, italic=True, size=12)
    sheet.height(4, 22)
    top = 7
    for index, column in enumerate(columns, start=1):
        put(f"{letter(index)}{top}", column.header, bold=True, box=True, fill=sheet.theme.head)
    sheet.height(top, 15 * max(_lines(column.header, column.width, bold=True) for column in columns) + 4)
    row = top + 1
    for title, rows in filled_table.groups():
        if title is not None:
            put(f"A{row}:{last}{row}", title, bold=True, align="left", box=True, fill=sheet.theme.group)
            sheet.height(row, 18)
            row += 1
        for found in rows:
            for index, column in enumerate(columns, start=1):
                _put_cell(sheet, f"{letter(index)}{row}", found, column)
            sheet.height(row, 15 * max(_lines(shown(found, column), column.width) for column in columns) + 3)
            row += 1
    if not filled_table.rows:
        put(f"A{row}:{last}{row}", filled_table.empty, italic=True, box=True)
        row += 1
    if filled_table.table.group is None:
        sheet.filter(f"A{top}:{last}{row - 1}")
    for note in filter(None, (filled_table.note, source_note)):
        put(f"A{row}:{last}{row}", note, italic=True, align="left", size=10)
        row += 1
    sheet.page((top, top), f"{last}{row - 1}", f"A{top + 1}")


def _put_cell(sheet: _Sheet, address: str, row: Line, column: ColumnEntry) -> None:
    """A cell of a table: a number or a day as such, with the number format of its column; all else as text."""
    value = getattr(row, column.key)
    is_text = value is None or isinstance(value, str)
    if isinstance(value, Decimal):
        value = float(value)  # two decimals survive it
    alert = is_alert(row, column)
    sheet.put(
        address,
        vi.glue(shown(row, column)) if is_text else value,
        box=True,
        align=column.look.align,
        number_format=None if is_text else column.look.excel(row),
        bold=alert or row.is_total,
        color=sheet.theme.alert if alert else None,
    )


def _lines(text: str, width: float, *, bold: bool = False) -> int:
    """The number of lines that a text takes in a column; words are not broken."""
    room, lines, used = max(1.0, width * (0.95 if bold else 1.18)), 1, 0
    for word in text.split():
        if used and used + 1 + len(word) > room:
            lines, used = lines + 1, len(word)
        else:
            used += len(word) + (1 if used else 0)
    return lines
