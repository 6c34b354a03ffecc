"""Workbooks: form II.06a with its formulas, and every table that is a paper of its own."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.worksheet import Worksheet

from cchc.errors import NotConfigured
from cchc.forms.form_06a import COLUMNS, IDENTITIES, total
from cchc.forms.form_06a import Row as FormRow
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content, Unit
from cchc.reports.layout import Column, Layout, Letterhead
from cchc.reports.package import settle
from cchc.reports.tables import Filled, Row, Tables, is_alert, shown

FONT = "Times New Roman"  # Liberation Serif has its metrics where it is missing
COUNT, PERCENT, POINTS, DATE = "[$-42A]#,##0", '[$-42A]#,##0.00" %"', "[$-42A]#,##0.00", "dd/mm/yyyy"
RED, HEADER, GROUP = "C00000", "DDE7F0", "F2F2F2"
_LINE = Side(style="thin", color="000000")
BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
LAST = "M"  # the form's last column, 13
ONE_PAGE = 32  # fields that a page can carry with the signature and still be read
_FORMULA = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)><f>([^<]*)</f><v ?/?>(?:</v>)?</c>')


class Formula(str):
    """Text that is meant as a formula; a name that begins with = is not."""

    __slots__ = ()


def form_workbook(content: Content, layout: Layout) -> bytes:
    """Form II.06a: a sheet for the scope, then one for each unit that was asked for."""
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    values: dict[str, dict[str, Any]] = {}
    scope = content.unit or content.district
    for index, (unit, rows) in enumerate([(scope, content.form), *content.unit_forms]):
        name = layout.form["sheet"] if index == 0 else sheet_name(unit)
        sheet = book.create_sheet(name)
        values[f"xl/worksheets/sheet{index + 1}.xml"] = _Form(sheet, content, layout, unit, rows).write()
    return _save(book, content, layout.form["title"], values)


def table_workbook(content: Content, layout: Layout, name: str) -> bytes:
    """A table that is a paper of its own (annex, late, due, ranking)."""
    tables = Tables(content, layout)
    filled = tables.fill(name)
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]
    sheet.title = filled.table.sheet
    _write_table(sheet, filled, layout.letterhead(content.unit or content.district), tables.source_note())
    if name == "late" and content.late:
        summary = tables.fill("late_by_unit")
        extra = book.create_sheet("Tong hop")
        titled = Filled(summary.table, "TỔNG HỢP " + filled.title.removeprefix("DANH SÁCH "), filled.subtitle, summary.rows)
        _write_table(extra, titled, layout.letterhead(content.unit or content.district), "")
    return _save(book, content, filled.title, {})


def sheet_name(unit: Unit) -> str:
    """A sheet's name: at most 31 letters, none of those that Excel refuses."""
    return re.sub(r"[\\/*?:\[\]']", " ", f"{unit.unit_code} {unit.name}")[:31].strip()


class _Form:
    """Writes one sheet of form II.06a; knows for each formula what it must give, for readers that do not calculate."""

    def __init__(self, sheet: Worksheet, content: Content, layout: Layout, unit: Unit, rows: list[FormRow]) -> None:
        self.sheet, self.content, self.layout, self.unit, self.rows = sheet, content, layout, unit, rows
        self.form = layout.form
        self.letterhead = layout.letterhead(unit)
        self.values: dict[str, Any] = {}
        self.columns = [get_column_letter(number) for number in COLUMNS]

    def write(self) -> dict[str, Any]:
        """Fill the sheet; the value of every formula by its address."""
        sheet = self.sheet
        for letter, width in zip("ABCDEFGHIJKLM", self.form["widths"], strict=True):
            sheet.column_dimensions[letter].width = width
        top = self._head()
        first_data = self._header(top)
        total_row, leaves = self._body(first_data)
        last = self._foot(total_row + 1)
        self._checks(last + 2, first_data, total_row, leaves)
        sheet.print_title_rows = f"{top}:{first_data - 1}"
        sheet.print_area = f"A1:{LAST}{last}"
        sheet.freeze_panes = f"C{first_data}"
        _page(sheet, one_page=len(leaves) <= ONE_PAGE)
        return self.values

    def _head(self) -> int:
        form, content = self.form, self.content
        words = {"period": vi.period_name(content.period), "span": vi.span(content.period)}
        _text(self.sheet, "A1:C1", form["form"], bold=True, align="left")
        _text(self.sheet, "J1:M1", form["reporter"].format(reporter=_agency(self.letterhead, self.unit)), align="left", size=11)
        _text(self.sheet, "J2:M2", form["receiver"].format(receiver=self.letterhead.reports_to), align="left", size=11)
        _text(self.sheet, "A3:M3", form["title"], bold=True, size=14)
        _text(self.sheet, "A4:M4", form["period"].format(**words), italic=True, size=12)
        _text(self.sheet, "J5:M5", form["measure"], italic=True, align="right", size=11)
        for row, height in ((1, 32), (2, 32), (3, 24), (4, 20), (5, 18)):
            self.sheet.row_dimensions[row].height = height
        return 6

    def _header(self, top: int) -> int:
        for start, end, words in self.form["header"]:
            _text(self.sheet, f"{_shift(start, top - 1)}:{_shift(end, top - 1)}", words, bold=True, size=10, box=True, fill=HEADER)
        numbers = top + max(int(end[1:]) for _start, end, _words in self.form["header"])
        for number in (1, 2, *COLUMNS):
            _text(self.sheet, f"{get_column_letter(number)}{numbers}", _numbered(number), italic=True, size=8, box=True, fill=HEADER)
        self.sheet.row_dimensions[top + 1].height = 16
        self.sheet.row_dimensions[top + 2].height = 42
        self.sheet.row_dimensions[numbers].height = 24
        return numbers + 1

    def _body(self, first: int) -> tuple[int, list[tuple[int, FormRow]]]:
        row = first
        subtotals: list[int] = []
        leaves: list[tuple[int, FormRow]] = []
        unknown = {found.level for found in self.rows} - set(self.form["levels"])
        if unknown:
            raise NotConfigured(
                f"{self.layout.folder.name}/form_06a.yaml names no level {', '.join(sorted(map(str, unknown)))}; its rows would be lost"
            )
        for level, title in self.form["levels"].items():
            of_level = [found for found in self.rows if found.level == level]
            if not of_level:
                continue
            header, row = row, row + 1
            for index, found in enumerate(of_level, start=1):
                self._line(row, index, found.field_name or self.form["no_field"], [found.column(number) for number in COLUMNS])
                leaves.append((row, found))
                row += 1
            sums = [total(of_level).column(number) for number in COLUMNS]
            roman = ("I", "II", "III", "IV")[len(subtotals)]
            self._line(header, roman, title, [Formula(f"=SUM({c}{header + 1}:{c}{row - 1})") for c in self.columns], sums, fill=GROUP)
            subtotals.append(header)
        sums = [total(self.rows).column(number) for number in COLUMNS]
        formulas = [Formula("=" + "+".join(f"{c}{header}" for header in subtotals)) if subtotals else 0 for c in self.columns]
        self._line(row, "", self.form["total"], formulas, sums, fill=HEADER)
        return row, leaves

    def _line(self, row: int, index: Any, name: str, cells: list[Any], values: list[int] | None = None, fill: str | None = None) -> None:
        bold = values is not None
        _text(self.sheet, f"A{row}", index, bold=bold, box=True, fill=fill)
        _text(self.sheet, f"B{row}", name, bold=bold, box=True, fill=fill, align="left")
        self.sheet.row_dimensions[row].height = 15 * _lines(name, self.form["widths"][1], bold=bold) + 3
        for position, (letter, cell) in enumerate(zip(self.columns, cells, strict=True)):
            _text(self.sheet, f"{letter}{row}", cell, bold=bold, box=True, fill=fill, align="right", format=COUNT)
            if values is not None and isinstance(cell, Formula):
                self.values[f"{letter}{row}"] = values[position]

    def _foot(self, row: int) -> int:
        totals = total(self.rows)
        words = {"returned": vi.number(totals.returned_count), "without_due": vi.number(totals.without_due_count)}
        for note in self.form["notes"]:
            _text(self.sheet, f"A{row}:M{row}", note.format(**words), italic=True, align="left", size=10)
            self.sheet.row_dimensions[row].height = 30
            row += 1
        _text(self.sheet, f"A{row}:M{row}", Tables(self.content, self.layout).source_note(), italic=True, align="left", size=10)
        if self.content.is_provisional:
            row += 1
            _text(self.sheet, f"A{row}:M{row}", self.layout.labels["provisional_note"], italic=True, align="left", size=10)
        row += 2
        year = self.content.period.end.year
        _text(self.sheet, f"H{row}:M{row}", f"{self.letterhead.place}, ngày … tháng … năm {year}", italic=True)
        left, right = self.form["sign_left"], [*self.letterhead.signer, "(Ký tên, đóng dấu)"]
        for offset in range(max(len(left), len(right))):
            for cells, lines in (("A{0}:E{0}", left), ("H{0}:M{0}", right)):
                if offset < len(lines):
                    last = offset == len(lines) - 1
                    _text(self.sheet, cells.format(row + 1 + offset), lines[offset], bold=not last, italic=last)
        return row + 1 + len(right) + 4

    def _checks(self, row: int, first: int, total_row: int, leaves: list[tuple[int, FormRow]]) -> None:
        """The identities, over every row: outside the print area, with an alarm inside it."""
        sheet, form = self.sheet, self.form
        _text(sheet, f"A{row}:B{row}", form["check_title"], bold=True, align="left", size=10)
        cells = []
        for index, identity in enumerate(IDENTITIES):
            start = get_column_letter(3 + 2 * index)
            end = get_column_letter(4 + 2 * index)
            over, *parts = (f"{letter}{first}:{letter}{total_row}" for letter in map(get_column_letter, (identity.total, *identity.parts)))
            wrong = f"SUMPRODUCT(--({over}<>{'+'.join(parts)}))"
            before, after = form["check_wrong"].split("{}")
            _text(sheet, f"{start}{row}:{end}{row}", str(identity), bold=True, size=10, box=True)
            check = Formula(f'=IF({wrong}=0,"{form["check_ok"]}","{before}"&{wrong}&"{after}")')
            _text(sheet, f"{start}{row + 1}:{end}{row + 1}", check, size=10, box=True)
            broken = sum(str(identity) in row.broken_identities() for row in (*(found for _row, found in leaves), *self._sums()))
            self.values[f"{start}{row + 1}"] = form["check_ok"] if not broken else f"{before}{broken}{after}"
            cells.append(f"{start}{row + 1}")
        joined = ",".join(f'{cell}="{form["check_ok"]}"' for cell in cells)
        _text(sheet, "A5:I5", Formula(f'=IF(AND({joined}),"","{form["alarm"]}")'), bold=True, align="left", size=11, color=RED)
        self.values["A5"] = "" if all(self.values[cell] == form["check_ok"] for cell in cells) else form["alarm"]
        red = PatternFill(bgColor="FF0000", fill_type="solid")
        sheet.conditional_formatting.add(
            f"C{row + 1}:J{row + 1}",
            FormulaRule(formula=[f'AND(C{row + 1}<>"",C{row + 1}<>"{form["check_ok"]}")'], fill=red, font=Font(color="FFFFFF", bold=True)),
        )

    def _sums(self) -> list[FormRow]:
        levels = [[found for found in self.rows if found.level == level] for level in self.form["levels"]]
        return [total(rows) for rows in (*filter(None, levels), self.rows)]


def _numbered(number: int) -> str:
    """What stands under a column's title: `(4)`, or `(3)=(4)+(5)+(6)` for a column that is a sum of others."""
    parts = next((identity.parts for identity in IDENTITIES if identity.total == number), ())
    return f"({number})" + ("=" + "+".join(f"({part})" for part in parts) if parts else "")


def _agency(letterhead: Letterhead, unit: Unit) -> str:
    return unit.name if unit.kind not in ("district", "commune") else f"UBND {unit.name[:1].lower()}{unit.name[1:]}"


def _shift(address: str, rows: int) -> str:
    return f"{address[0]}{int(address[1:]) + rows}"


# --- tables ----------------------------------------------------------------------------------------------------------


def _write_table(sheet: Worksheet, filled: Filled, letterhead: Letterhead, source_note: str) -> None:
    table = filled.table
    last = get_column_letter(len(table.columns))
    for index, column in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    half = max(2, len(table.columns) // 2)
    left, right = get_column_letter(half), get_column_letter(half + 1)
    for row, (agency, national) in enumerate(zip(letterhead.agency, letterhead.national, strict=False), start=1):
        _text(sheet, f"A{row}:{left}{row}", agency, bold=row == len(letterhead.agency), size=12)
        _text(sheet, f"{right}{row}:{last}{row}", national, bold=True, size=12)
    _text(sheet, f"A4:{last}4", filled.title, bold=True, size=14)
    _text(sheet, f"A5:{last}5", filled.subtitle, italic=True, size=12)
    sheet.row_dimensions[4].height = 22
    top = 7
    for index, column in enumerate(table.columns, start=1):
        _text(sheet, f"{get_column_letter(index)}{top}", column.header, bold=True, size=11, box=True, fill=HEADER)
    sheet.row_dimensions[top].height = 15 * max(_lines(column.header, column.width, bold=True) for column in table.columns) + 4
    row = top + 1
    for title, rows in filled.groups():
        if title is not None:
            _text(sheet, f"A{row}:{last}{row}", title, bold=True, align="left", size=11, box=True, fill=GROUP)
            sheet.row_dimensions[row].height = 18
            row += 1
        for found in rows:
            for index, column in enumerate(table.columns, start=1):
                _cell(sheet, f"{get_column_letter(index)}{row}", found, column)
            lines = [_lines(shown(found, column), column.width) for column in table.columns]
            sheet.row_dimensions[row].height = 15 * max(lines) + 3
            row += 1
    if not filled.rows:
        _text(sheet, f"A{row}:{last}{row}", table.empty, italic=True, box=True)
        row += 1
    sheet.auto_filter.ref = None if table.group else f"A{top}:{last}{row - 1}"
    for note in filter(None, (filled.note, source_note)):
        _text(sheet, f"A{row}:{last}{row}", note, italic=True, align="left", size=10)
        row += 1
    sheet.print_title_rows = f"{top}:{top}"
    sheet.print_area = f"A1:{last}{row - 1}"
    sheet.freeze_panes = f"A{top + 1}"
    _page(sheet)


def _cell(sheet: Worksheet, address: str, row: Row, column: Column) -> None:
    value: Any = row.get(column.key)
    number_format = None
    if column.format in ("count", "percent", "points", "value") and value is not None:
        kind = row.get("indicator_kind", "flow") if column.format == "value" else column.format
        number_format = {"count": COUNT, "points": POINTS, "score": POINTS}.get(kind, PERCENT)
        if isinstance(value, Decimal):
            value = float(value)  # two decimals survive it
    elif column.format == "date" and value is not None:
        number_format = DATE
    elif value is None or isinstance(value, str):
        value = shown(row, column)
    align = "right" if column.is_number else "left" if column.format == "text" else "center"
    alert = is_alert(row, column)
    _text(
        sheet,
        address,
        value,
        box=True,
        align=align,
        size=11,
        format=number_format,
        bold=alert or bool(row.get("is_total")),
        color=RED if alert else None,
    )


def _lines(text: str, width: float, *, bold: bool = False) -> int:
    """Lines that a text takes in a column: words are not broken."""
    room, lines, used = max(1.0, width * (0.95 if bold else 1.18)), 1, 0
    for word in text.split():
        if used and used + 1 + len(word) > room:
            lines, used = lines + 1, len(word)
        else:
            used += len(word) + (1 if used else 0)
    return lines


def _text(
    sheet: Worksheet, cells: str, value: Any, *, bold: bool = False, italic: bool = False, size: int = 11, align: str = "center",
    box: bool = False, fill: str | None = None, format: str | None = None, color: str | None = None,
) -> None:  # fmt: skip
    """Put a value with its look into a cell, or into the cells that are merged for it. Text never becomes a formula by itself."""
    first, _, last = cells.partition(":")
    cell = sheet[first]
    cell.value = value
    if isinstance(value, str) and not isinstance(value, Formula):
        cell.data_type = "s"
    look = {
        "font": Font(name=FONT, size=size, bold=bold, italic=italic, color=color),
        "alignment": Alignment(horizontal=align, vertical="center", wrap_text=True, indent=1 if box and align != "center" else 0),
    }
    area = sheet[f"{first}:{last}"] if last and last != first else ((cell,),)
    for line in area:
        for each in line:
            each.font, each.alignment = look["font"], look["alignment"]
            if box:
                each.border = BOX
            if fill:
                each.fill = PatternFill("solid", fgColor=fill)
    if format:
        cell.number_format = format
    if last and last != first:
        sheet.merge_cells(cells)


def _page(sheet: Worksheet, *, one_page: bool = False) -> None:
    """A4 landscape, as wide as the page (and no longer than one, so that a signature keeps its table), page numbers."""
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, int(one_page)
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.page_margins = PageMargins(left=0.6, right=0.4, top=0.6, bottom=0.6, header=0.3, footer=0.3)
    sheet.print_options.horizontalCentered = True
    footer: Any = sheet.oddFooter
    footer.center.text, footer.center.font, footer.center.size = "&P/&N", FONT, 10
    sheet.sheet_view.showGridLines = False


def _save(book: Workbook, content: Content, title: str, values: dict[str, dict[str, Any]]) -> bytes:
    book.properties.title = title
    book.properties.creator = content.district.name
    book.calculation = CalcProperties(fullCalcOnLoad=True)
    out = io.BytesIO()
    book.save(out)

    def with_values(name: str, part: bytes) -> bytes:
        """A reader that does not calculate (a preview, a phone) shows the stored value, so each formula has one."""
        known = values.get(name, {})

        def put(found: re.Match[bytes]) -> bytes:
            value = known.get(found[1].decode())
            if value is None:
                return found[0]
            kind = b' t="str"' if isinstance(value, str) else b""
            return b'<c r="%s"%s%s><f>%s</f><v>%s</v></c>' % (found[1], found[2], kind, found[3], str(value).encode())

        return _FORMULA.sub(put, part) if known else part

    return settle(out.getvalue(), content.period.last_day, with_values)
