"""The reform report as DOCX: the template report.docx of the layout, filled in.

The template has the head, the foot, the styles, the margins and the page numbers; people change it in Word. `{{ names }}` in it are filled
in. The paragraph `@body` is replaced by the report, and `@appendices` by its appendices, which stand in a section of their own.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from docx.document import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor
from docxtpl import DocxTemplate
from jinja2 import Environment, StrictUndefined, TemplateError

from cchc.errors import NotConfigured
from cchc.reports import charts
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content
from cchc.reports.layout import Layout, Letterhead, filled
from cchc.reports.narrative import Block, blocks, open_places
from cchc.reports.package import settle
from cchc.reports.tables import OPEN_PLACES, Filled, Tables, is_alert, shown

TEMPLATE = "report.docx"
BODY, APPENDICES = "@body", "@appendices"
NARROW = 6  # a table with more columns is written in smaller letters
CELL_MARGIN = Mm(1.9)  # on each side, as Word has it
# how wide letters of a Times face are, in parts of their size; digits and all others half of it
_EMS = {".": 0.25, ",": 0.25, "\N{NO-BREAK SPACE}": 0.25, "/": 0.28, "%": 0.84, "≥": 0.55}
_PLACEHOLDER = re.compile(r"(\[[^\]]*\])")
_ALIGN = {"left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}


def report_document(content: Content, layout: Layout) -> bytes:
    """The reform report of the content's period and scope. Raises NotConfigured where the template is wrong."""
    return _Writer(content, layout).write()


class _Writer:
    def __init__(self, content: Content, layout: Layout) -> None:
        self.content, self.layout = content, layout
        self.labels = layout.labels
        self.tables = Tables(content, layout)
        self.head = layout.letterhead(content.unit or content.district)
        self.document = _template(layout, self._words())
        self.section: Any = self.document.sections[0]
        self.numbers = {"table": 0, "chart": 0}
        self.open_places: list[tuple[str, str]] = []
        self.on_new_page = False
        self.place = self._marker(BODY)  # what is written stands before it
        # read once: python-docx looks through all styles of the template for each name
        self.styles = {style.name: style for style in self.document.styles}

    def write(self) -> bytes:
        """The report before the signature, its appendices after it."""
        appendices = self._marker(APPENDICES)
        body = self.place
        found = blocks(self.content, self.layout)
        self.open_places = open_places(found)
        for block in found:
            if block.kind in ("appendix", "sheet") and self.place is body:
                self.place = appendices
                self.section = self.document.sections[-1]
            self._block(block)
        last = body.getprevious()
        for paragraph in self.document.paragraphs:
            if paragraph._p is last:
                paragraph.paragraph_format.keep_with_next = True  # a signature never stands alone on a page
        if self.place is body:  # without appendices their section would be an empty page
            turn = appendices.getprevious()  # the paragraph that ends the first section, with its page
            self.document.element.body.replace(self.document.element.body.sectPr, turn.pPr.sectPr)
            turn.getparent().remove(turn)
        for marker in (body, appendices):
            marker.getparent().remove(marker)
        self._properties()
        out = io.BytesIO()
        self.document.save(out)
        return settle(out.getvalue())

    def _words(self) -> dict[str, Any]:
        """What the template may name."""
        head: Letterhead = self.head
        sign, bracket, still_open = head.sign.partition("[")
        return {
            "agency_above": head.agency[:-1],
            "agency_last": head.agency[-1],
            "national_first": head.national[0],
            "national_second": head.national[1],
            "sign": sign,
            "sign_open": bracket + still_open,  # what people must fill in
            "dated": filled(self.labels.dated, place=head.place, year=self.content.period.end.year),
            "period": vi.period_name(self.content.period),
            "recipients": head.recipients,
            "signer": head.signer,
        }

    def _marker(self, text: str) -> Any:
        found = [paragraph._p for paragraph in self.document.paragraphs if paragraph.text.strip() == text]
        if len(found) != 1:
            raise NotConfigured(f"{self.layout.folder.name}/{TEMPLATE}: it needs one paragraph {text}, and has {len(found)}")
        return found[0]

    def _paragraph(self, style: str, text: str = "") -> Any:
        paragraph = self.document.add_paragraph()
        paragraph._p.style = self._style(style).style_id
        self.place.addprevious(paragraph._p)
        _runs(paragraph, text)
        return paragraph

    def _style(self, name: str) -> Any:
        if name not in self.styles:
            raise NotConfigured(f"{self.layout.folder.name}/{TEMPLATE} lacks the style {name!r}")
        return self.styles[name]

    def _block(self, block: Block) -> None:
        if block.kind == "page":
            self.on_new_page = True
        elif block.kind == "heading":
            heading = self.document.add_paragraph(block.text)
            heading._p.style = self._style(f"Heading {block.level}").style_id
            if self.on_new_page:
                heading.paragraph_format.page_break_before = True
                self.on_new_page = False
            self.place.addprevious(heading._p)
        elif block.kind in ("paragraph", "placeholder"):
            self._paragraph("Report Text", block.text)
        elif block.kind == "item":
            self._paragraph("Report Text", f"- {block.text}")
        elif block.kind == "point":
            self._paragraph("Report Brief", f"- {block.text}")
        elif block.kind == "table":
            self._table(block)
        elif block.kind == "chart":
            self._chart(block)
        elif block.kind in ("appendix", "sheet"):
            self._appendix(block.text, is_sent=block.kind == "appendix")

    def _appendix(self, title: str, *, is_sent: bool) -> None:
        label, _, name = title.partition(". ")
        self._paragraph("Report Appendix", label)
        self._paragraph("Report Appendix Title", name)
        if not is_sent:
            return
        year, head = self.content.period.end.year, self.head
        note = filled(self.labels.appendix_note, sign=head.sign, year=year, agency=head.agency_name)
        self._paragraph("Report Appendix Note", note)

    def _table(self, block: Block) -> None:
        table = self.tables.open_places(self.open_places) if block.text == OPEN_PLACES else self.tables.fill(block.text)
        if block.caption and table.rows:
            self.numbers["table"] += 1
            caption = filled(self.labels.table_caption, number=self.numbers["table"], caption=block.caption)
            self._paragraph("Report Table Caption", caption)
        if table.rows:
            self._grid(table)
            if table.note:
                self._paragraph("Report Table Note", table.note)
        elif block.caption and table.table.empty:
            self._paragraph("Report Empty", table.empty)

    def _grid(self, filled_table: Filled) -> None:
        columns, theme = filled_table.table.columns, self.labels.theme
        style = "Report Cell Brief" if filled_table.table.brief else "Report Cell Narrow" if len(columns) > NARROW else "Report Cell"
        look = self._style(style)
        table = self.document.add_table(rows=1, cols=len(columns), style=self._style("Report Table"))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        self.place.addprevious(table._tbl)
        room = self.section.page_width - self.section.left_margin - self.section.right_margin
        total = sum(column.width for column in columns)
        widths = [int(room * column.width / total) for column in columns]
        for cell, column in zip(table.rows[0].cells, columns, strict=True):
            _fill(cell, look, column.header, align="center", bold=True, shade=theme.head)
        _on_each_page(table.rows[0])
        for title, rows in filled_table.groups():
            if title is not None:
                cells = table.add_row().cells
                merged = cells[0].merge(cells[-1])
                _fill(merged, look, title, align="left", bold=True, shade=theme.group)
                merged.paragraphs[0].paragraph_format.keep_with_next = True
            for row in rows:
                line = table.add_row()
                _whole(line)
                for cell, column, width in zip(line.cells, columns, widths, strict=True):
                    alert = is_alert(row, column)
                    color = RGBColor.from_string(theme.alert) if alert else None
                    _fill(cell, look, shown(row, column), align=column.look.align, bold=alert or row.is_total, color=color, width=width)
        _widths(table, widths)

    def _chart(self, block: Block) -> None:
        chart = charts.draw(self.content, self.layout, block.text)
        if chart is None:
            return
        self.numbers["chart"] += 1
        picture = self._paragraph("Report Chart").add_run().add_picture(io.BytesIO(chart.png()), width=Mm(160))
        about = picture._inline.docPr
        about.set("name", chart.name)
        about.set("descr", chart.description)
        self._paragraph("Report Chart Caption", filled(self.labels.chart_caption, number=self.numbers["chart"], caption=chart.caption))

    def _properties(self) -> None:
        properties = self.document.core_properties
        properties.title = filled(self.labels.report_title, period=vi.period_name(self.content.period))
        properties.author = properties.last_modified_by = (self.content.unit or self.content.district).name
        properties.created = properties.modified = datetime.combine(self.content.period.last_day, time())


def _template(layout: Layout, words: dict[str, Any]) -> Document:
    """The template with its {{ names }} filled in. A misspelt name is an error that names the template."""
    path = layout.file(TEMPLATE)
    try:
        template = DocxTemplate(path)
        template.render(words, jinja_env=Environment(undefined=StrictUndefined, autoescape=True))
    except (TemplateError, PackageNotFoundError, zipfile.BadZipFile) as error:
        raise NotConfigured(f"{layout.folder.name}/{TEMPLATE}: {error}; names that are known: {', '.join(words)}") from error
    document: Document = template.docx
    return document


def _runs(paragraph: Any, text: str, *, bold: bool | None = None, color: RGBColor | None = None) -> None:
    """Text with its placeholders marked, so that nobody sends them unseen."""
    for part in filter(None, _PLACEHOLDER.split(vi.glue(text))):
        run = paragraph.add_run(part)
        run.bold = bold
        if color is not None:
            run.font.color.rgb = color
        if _PLACEHOLDER.fullmatch(part):
            run.font.highlight_color = WD_COLOR_INDEX.YELLOW


def _fill(
    cell: Any, style: Any, text: str, *, align: str, bold: bool = False, shade: str | None = None, color: RGBColor | None = None,
    width: int | None = None,
) -> None:  # fmt: skip
    paragraph = cell.paragraphs[0]
    paragraph._p.style = style.style_id  # `paragraph.style = style` looks through all styles of the template, for every cell
    paragraph.alignment = _ALIGN[align]
    _runs(paragraph, text, bold=bold or None, color=color)
    if width is not None and align != "left":
        size = _fitting(text, width, style.font.size)
        for run in paragraph.runs if size is not None else ():
            run.font.size = size
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    if shade:
        element = OxmlElement("w:shd")
        for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", shade)):
            element.set(qn(name), value)
        # the schema wants the shade before the alignment
        cell._tc.tcPr.find(qn("w:vAlign")).addprevious(element)


def _fitting(text: str, width: int, size: Length) -> Length | None:
    """The size in which a number fits into its cell without a break; None where it does as it is, or is words that may break."""
    glued = vi.glue(text)
    if " " in glued:
        return None
    ems = sum(_EMS.get(letter, 0.5) for letter in glued) * 1.06  # bold letters are a little wider
    room = (width - 2 * CELL_MARGIN) / ems if ems else size
    return None if room >= size else Pt(int(Length(int(room)).pt * 2) / 2)


def _widths(table: Any, widths: Iterable[int]) -> None:
    """Columns as wide as told: in the grid and in each cell, because Word and LibreOffice read different ones."""
    sizes = list(widths)
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, sizes, strict=True):
        column.w = width
    for row in table._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, sizes, strict=False):
            if cell.grid_span == 1:
                cell.width = width


def _on_each_page(row: Any) -> None:
    _whole(row)
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _whole(row: Any) -> None:
    """A row that no page break cuts."""
    row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))
