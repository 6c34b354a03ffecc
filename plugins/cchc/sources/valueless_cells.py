"""Count the cells of a workbook that look filled and have no value: errors such as #N/A, and formulas without a kept value.

The library that reads workbooks gives both as empty cells, so they would be missing values without a word. A program other than a
spreadsheet program writes formulas and no values.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

from cchc.sources import valueless_ods, valueless_xls

PIECE = 1 << 16
SMALL_PART = 1 << 20  # bytes of the parts that name the sheets
_SIGNS = (b"<f", b't="e"', b"t='e'", b":f>")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def count_valueless(data: bytes, sheet: str) -> int:
    """How many cells of a sheet have no value and are not empty; of an .xls only errors can be told. 0 where the file has no such sheet."""
    try:
        if data.startswith(valueless_xls.SIGN):
            return valueless_xls.count_in(data, sheet)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if valueless_ods.CONTENT in archive.namelist():
                return valueless_ods.count_in(archive, sheet)
            part = _part_of(archive, sheet)
            if part is None or not _may_have_some(archive, part):
                return 0
            cells = _Cells()
            for piece in _pieces(archive, part):
                cells.parser.Parse(piece, False)
            return cells.count
    # an error of defusedxml is a SyntaxError, or a ValueError where it refuses entities
    except (zipfile.BadZipFile, LookupError, SyntaxError, StopIteration, expat.ExpatError, EOFError, OSError, ValueError, struct.error):
        return 0  # the library that reads workbooks says what is wrong with it


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    from defusedxml.ElementTree import fromstring

    book = fromstring(_small(archive, "xl/workbook.xml"))
    links = fromstring(_small(archive, "xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for each in book.iter(f"{_MAIN}sheet"):
        if each.get("name") == sheet:
            target = targets.get(each.get(_RELATION), "")
            return posixpath.normpath(target[1:] if target.startswith("/") else posixpath.join("xl", target))
    return None


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as stream:
        return stream.read(SMALL_PART)


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as stream:
        while piece := stream.read(PIECE):
            yield piece


def _may_have_some(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether the text has a formula or an error at all: most sheets have none, and are not taken apart."""
    end = b""
    for piece in _pieces(archive, name):
        if any(sign in end + piece for sign in _SIGNS):
            return True
        end = piece[-8:]
    return False


class _Cells:
    """Takes the text of a sheet apart, cell by cell."""

    def __init__(self) -> None:
        self.count = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._kind, self._is_formula, self._is_value, self._has_value = "", False, False, False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if name == "c":
            self._kind, self._is_formula, self._has_value = attributes.get("t", "n"), False, False
        elif name == "f":
            self._is_formula = True
        self._is_value = name in ("v", "t")

    def _text(self, text: str) -> None:
        self._has_value = self._has_value or (self._is_value and bool(text))

    def _end(self, name: str) -> None:
        self._is_value = False
        # a formula of which the value is an empty text says so by its kind
        if name.rpartition(" ")[2] == "c" and (self._kind == "e" or (self._is_formula and not self._has_value and self._kind != "str")):
            self.count += 1
