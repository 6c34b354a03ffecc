"""The reform report as DOCX in the form of Decree 30/2020/NĐ-CP: A4, margins 20/20/30/15 mm, Times New Roman 13–14 pt."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from docx import Document
from docx.document import Document as DocumentFile
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt, RGBColor
from docx.table import _Cell

from cchc.reports import charts
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content
from cchc.reports.layout import Layout, Letterhead
from cchc.reports.layout import filled as layout_words
from cchc.reports.narrative import Block, blocks
from cchc.reports.package import settle
from cchc.reports.tables import Filled, Tables, is_alert, shown

FONT = "Times New Roman"
PORTRAIT, LANDSCAPE = Mm(165), Mm(262)  # room between the margins
_PLACEHOLDER = re.compile(r"(\[[^\]]*\])")
_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "justify": WD_ALIGN_PARAGRAPH.JUSTIFY,
}


def report_document(content: Content, layout: Layout) -> bytes:
    """The reform report of the content's period and scope."""
    return _Writer(content, layout).write()


class _Writer:
    def __init__(self, content: Content, layout: Layout) -> None:
        self.content, self.layout = content, layout
        self.tables = Tables(content, layout)
        self.head: Letterhead = layout.letterhead(content.unit or content.district)
        self.document: DocumentFile = Document()
        self.room = PORTRAIT
        self.numbers = {"table": 0, "chart": 0}
        self.signed = False

    def write(self) -> bytes:
        """Head, blocks, foot; the appendices after the signature."""
        self._styles()
        self._page(self.document.sections[0])
        self._letterhead()
        for block in blocks(self.content, self.layout):
            if block.kind == "appendix" and not self.signed:
                self._signature()
            self._block(block)
        if not self.signed:
            self._signature()
        self._properties()
        out = io.BytesIO()
        self.document.save(out)
        return settle(out.getvalue(), self.content.period.last_day)

    def _styles(self) -> None:
        style: Any = self.document.styles["Normal"]
        style.font.name, style.font.size = FONT, Pt(13)
        fonts = style.element.rPr.rFonts
        for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(script), FONT)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "vi-VN")
        style.element.rPr.append(language)
        for level in (1, 2, 3):
            heading: Any = self.document.styles[f"Heading {level}"]
            heading.font.name, heading.font.size, heading.font.bold = FONT, Pt(13), True
            heading.font.italic = level == 3
            heading.font.color.rgb = RGBColor(0, 0, 0)
            fonts = heading.element.rPr.rFonts
            for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
                fonts.attrib.pop(qn(theme), None)
            for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
                fonts.set(qn(script), FONT)
            shape = heading.paragraph_format
            shape.space_before, shape.space_after, shape.first_line_indent, shape.keep_with_next = Pt(6), Pt(4), Cm(1), True

    def _page(self, section: Any, *, landscape: bool = False) -> None:
        width, height = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = width, height
        section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = Mm(20), Mm(20), Mm(30), Mm(15)
        if landscape:
            section.left_margin, section.right_margin = Mm(20), Mm(15)
        section.header_distance = Mm(10)
        if landscape:
            return
        section.different_first_page_header_footer = True
        paragraph = section.header.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = paragraph.add_run()
        for kind, words in (("begin", None), (None, "PAGE"), ("end", None)):
            element = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                element.set(qn("w:fldCharType"), kind)
            else:
                element.text = words
            run._r.append(element)

    def _letterhead(self) -> None:
        head, content = self.head, self.content
        table = self.document.add_table(rows=2, cols=2)
        _fixed(table, [Mm(65), Mm(100)])
        left, right = table.rows[0].cells
        for index, line in enumerate(head.agency):
            _line(left, line, size=12, bold=index == len(head.agency) - 1, first=index == 0)
        _rule(left, 0.35)
        _line(right, head.national[0], size=12, bold=True, first=True)
        _line(right, head.national[1], size=13, bold=True)
        _rule(right, 0.62)
        left, right = table.rows[1].cells
        _line(left, f"Số: …/{head.sign}", size=13, first=True)
        after = content.period.end
        _line(right, f"{head.place}, ngày … tháng … năm {after.year}", size=13, italic=True, first=True)
        self._text("BÁO CÁO", align="center", bold=True, size=14, before=14, after=0, indent=False)
        self._text(
            f"Công tác cải cách hành chính {vi.period_name(content.period)}",
            align="center",
            bold=True,
            size=14,
            before=0,
            after=0,
            indent=False,
        )
        _rule(self.document, 0.3)

    def _block(self, block: Block) -> None:
        if block.kind == "heading":
            heading = self.document.add_heading(level=block.level)
            heading.add_run(block.text)
            heading.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        elif block.kind in ("paragraph", "placeholder"):
            self._text(block.text)
        elif block.kind == "item":
            self._text(f"- {block.text}")
        elif block.kind == "table":
            self._table(block)
        elif block.kind == "chart":
            self._chart(block)
        elif block.kind == "appendix":
            self._appendix(block.text)

    def _text(
        self, text: str, *, align: str = "justify", bold: bool = False, italic: bool = False, size: float = 13,
        before: float = 3, after: float = 3, indent: bool = True, keep: bool = False,
    ) -> Any:  # fmt: skip
        paragraph = self.document.add_paragraph()
        paragraph.alignment = _ALIGN[align]
        shape = paragraph.paragraph_format
        shape.space_before, shape.space_after, shape.line_spacing = Pt(before), Pt(after), 1.15
        shape.keep_with_next = keep
        if indent:
            shape.first_line_indent = Cm(1)
        _runs(paragraph, text, bold=bold, italic=italic, size=size)
        return paragraph

    def _appendix(self, title: str) -> None:
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        self._page(section, landscape=True)
        section.different_first_page_header_footer = False
        self.room = LANDSCAPE
        label, _, name = title.partition(". ")
        self._text(label, align="center", bold=True, size=14, indent=False, after=0)
        self._text(name, align="center", bold=True, size=14, indent=False, before=0, after=0)
        words = layout_words(
            self.layout.labels.appendix_note, sign=self.head.sign, year=self.content.period.end.year, agency=self.head.agency_name
        )
        self._text(words, align="center", italic=True, size=13, indent=False, before=0, after=6)

    def _table(self, block: Block) -> None:
        filled = self.tables.fill(block.text)
        if block.caption and filled.rows:
            self.numbers["table"] += 1
            self._text(
                f"Bảng {self.numbers['table']}. {block.caption}", align="center", bold=True, size=12, indent=False, before=6, keep=True
            )
        if not filled.rows:
            if block.caption and filled.table.empty:
                self._text(filled.empty, italic=True)
            return
        self._grid(filled)
        if filled.note:
            self._text(filled.note, italic=True, size=11, indent=False, before=2)

    def _grid(self, filled: Filled) -> None:
        columns = filled.table.columns
        total = sum(column.width for column in columns)
        widths = [int(self.room * column.width / total) for column in columns]
        size = 10.5 if len(columns) > 6 else 11
        table = self.document.add_table(rows=1, cols=len(columns))
        table.style = "Table Grid"
        for cell, column in zip(table.rows[0].cells, columns, strict=True):
            _fill(cell, column.header, align="center", bold=True, size=size, shade="DDE7F0")
        _repeat(table.rows[0])
        for title, rows in filled.groups():
            if title is not None:
                cells = table.add_row().cells
                merged = cells[0].merge(cells[-1])
                _fill(merged, title, align="left", bold=True, size=size, shade="F2F2F2")
                for paragraph in merged.paragraphs:
                    paragraph.paragraph_format.keep_with_next = True
            for row in rows:
                line = table.add_row()
                _whole(line)
                for cell, column in zip(line.cells, columns, strict=True):
                    align = column.look.align
                    alert = is_alert(row, column)
                    bold = alert or row.is_total
                    _fill(cell, shown(row, column), align=align, size=size, bold=bold, color=RGBColor(0xC0, 0, 0) if alert else None)
        _fixed(table, widths)

    def _chart(self, block: Block) -> None:
        chart = charts.draw(self.content, self.layout, block.text)
        if chart is None:
            return
        self.numbers["chart"] += 1
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_before = Pt(6)
        picture = paragraph.add_run().add_picture(io.BytesIO(chart.png()), width=Mm(160))
        about = picture._inline.docPr
        about.set("name", chart.name)
        about.set("descr", chart.description)
        self._text(
            f"Biểu đồ {self.numbers['chart']}. {chart.caption}", align="center", italic=True, size=12, indent=False, before=0, after=6
        )

    def _signature(self) -> None:
        self.signed = True
        space = self.document.add_paragraph()
        space.paragraph_format.space_after = Pt(0)
        for paragraph in self.document.paragraphs[-2:]:
            paragraph.paragraph_format.keep_with_next = True  # a signature never stands alone on a page
        table = self.document.add_table(rows=1, cols=2)
        _fixed(table, [Mm(80), Mm(85)])
        _whole(table.rows[0])
        left, right = table.rows[0].cells
        _line(left, "Nơi nhận:", size=12, bold=True, italic=True, align="left", first=True)
        for name in self.head.recipients:
            _line(left, f"- {name}", size=11, align="left")
        for index, line in enumerate(self.head.signer):
            _line(right, line, size=13, bold=True, first=index == 0)
        for _space in range(4):
            _line(right, "", size=13)
        _line(right, "[Họ và tên]", size=13, bold=True)

    def _properties(self) -> None:
        properties = self.document.core_properties
        properties.title = f"Báo cáo công tác cải cách hành chính {vi.period_name(self.content.period)}"
        properties.author = properties.last_modified_by = (self.content.unit or self.content.district).name
        properties.language = "vi-VN"
        properties.comments = ""
        properties.created = properties.modified = datetime.combine(self.content.period.last_day, time())


def _runs(paragraph: Any, text: str, *, bold: bool = False, italic: bool = False, size: float = 13, color: RGBColor | None = None) -> None:
    """Text with its placeholders marked, so that nobody sends them unseen."""
    for part in _PLACEHOLDER.split(vi.glue(text)):
        if not part:
            continue
        run = paragraph.add_run(part)
        run.bold, run.italic, run.font.size, run.font.name = bold, italic, Pt(size), FONT
        if color is not None:
            run.font.color.rgb = color
        if _PLACEHOLDER.fullmatch(part):
            run.font.highlight_color = WD_COLOR_INDEX.YELLOW


def _line(
    cell: _Cell, text: str, *, size: float, bold: bool = False, italic: bool = False, align: str = "center", first: bool = False
) -> None:
    paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    paragraph.alignment = _ALIGN[align]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(0)
    _runs(paragraph, text, bold=bold, italic=italic, size=size)


def _rule(place: Any, share: float) -> None:
    """The short line under a name: a paragraph with a lower border, drawn in from both sides."""
    paragraph = place.add_paragraph()
    shape = paragraph.paragraph_format
    width = Mm(100 if share > 0.5 else 65) if isinstance(place, _Cell) else PORTRAIT
    shape.left_indent = shape.right_indent = int(width * (1 - share) / 2)
    shape.space_before, shape.space_after = Pt(0), Pt(6)
    shape.line_spacing = Pt(3)
    borders = OxmlElement("w:pBdr")
    border = OxmlElement("w:bottom")
    for name, value in (("w:val", "single"), ("w:sz", "6"), ("w:space", "1"), ("w:color", "000000")):
        border.set(qn(name), value)
    borders.append(border)
    paragraph._p.get_or_add_pPr().append(borders)
    # the schema wants the border before spacing and indents
    properties = paragraph._p.pPr
    for name in ("w:spacing", "w:ind"):
        element = properties.find(qn(name))
        if element is not None:
            properties.remove(element)
            properties.append(element)


def _fill(
    cell: _Cell, text: str, *, align: str, size: float, bold: bool = False, shade: str | None = None, color: RGBColor | None = None
) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = _ALIGN[align]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    _runs(paragraph, text, bold=bold, size=size, color=color)
    properties = cell._tc.get_or_add_tcPr()
    if shade:
        element = OxmlElement("w:shd")
        for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", shade)):
            element.set(qn(name), value)
        properties.append(element)
    middle = OxmlElement("w:vAlign")
    middle.set(qn("w:val"), "center")
    properties.append(middle)


def _fixed(table: Any, widths: Iterable[int]) -> None:
    """Columns as wide as told: in the grid and in each cell, because Word and LibreOffice read different ones. Narrow cell margins."""
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    sizes = list(widths)
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, sizes, strict=True):
        column.w = width
    for row in table._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, sizes, strict=False):
            if cell.grid_span == 1:
                cell.width = width
    margins = OxmlElement("w:tblCellMar")
    for side in ("w:left", "w:right"):
        element = OxmlElement(side)
        element.set(qn("w:w"), "60")
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    properties.insert(len(properties) if look is None else properties.index(look), margins)


def _repeat(row: Any) -> None:
    header = OxmlElement("w:tblHeader")
    header.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(header)
    _whole(row)


def _whole(row: Any) -> None:
    """A row that no page break cuts."""
    element = OxmlElement("w:cantSplit")
    element.set(qn("w:val"), "true")
    properties = row._tr.get_or_add_trPr()
    properties.insert(0, element)
