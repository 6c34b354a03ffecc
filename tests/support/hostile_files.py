"""Files that are made to harm the program that reads them: small to send, without a bottom to read."""

from __future__ import annotations

import gzip
import io
import zipfile

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override '
    f'PartName="/{SHEET}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override '
    f'PartName="/{STRINGS}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets><sheet name="SoLieu" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}/worksheet" '
    f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def workbook_of(rows: str, strings: str = "", dimension: str = "") -> bytes:
    """A workbook with this XML within `<sheetData>`, and within `<sst>`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, part in _PARTS.items():
            file.writestr(name, part)
        file.writestr(SHEET, f"<worksheet {_MAIN}>{dimension}<sheetData>{rows}</sheetData></worksheet>")
        file.writestr(STRINGS, f"<sst {_MAIN}>{strings}</sst>")
    return out.getvalue()


def header_of(columns: list[str]) -> str:
    """The XML of a header row."""
    cells = (f'<c r="{chr(65 + place)}1" t="inlineStr"><is><t>{name}</t></is></c>' for place, name in enumerate(columns))
    return f'<row r="1">{"".join(cells)}</row>'


def one_far_cell(columns: list[str]) -> bytes:
    """A workbook with a header and one cell in the last row and column that Excel knows."""
    return workbook_of(header_of(columns) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def huge_texts(columns: list[str]) -> bytes:
    """A workbook in which 20,000 cells share one text of a megabyte: 20 GB of text."""
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, 20_002))
    return workbook_of(header_of(columns) + rows, f"<si><t>{'a' * 2**20}</t></si>")


def huge_sheet(columns: list[str]) -> bytes:
    """A workbook of 300 KB whose sheet has eight million cells."""
    row = f"<row>{'<c><v>1</v></c>' * 40}</row>"
    return workbook_of(header_of(columns) + row * 200_000)


def huge_line(mebibytes: int) -> bytes:
    """A packed text file with one line of that size."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as file:
        for _ in range(mebibytes):
            file.write(b"a" * 2**20)
        file.write(b"\n")
    return out.getvalue()
