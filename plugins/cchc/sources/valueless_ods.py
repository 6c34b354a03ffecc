"""Count the cells of a sheet of an OpenDocument table (.ods) that look filled and have no value, as `valueless_cells` does for .xlsx."""

from __future__ import annotations

import re
import zipfile
from xml.parsers import expat

PIECE = 1 << 16
CONTENT = "content.xml"
_SIGNS = (b"formula=", b'"error"')
_ERROR = re.compile(r"#\S+|Err:\d+")  # as the cell shows it; older programs keep the value 0 beside it
_MOST = 1 << 20  # how often a cell may be repeated: as many rows as a sheet has


def count_in(archive: zipfile.ZipFile, sheet: str) -> int:
    """How many cells of the sheet have no value and are not empty. Raises the errors of zipfile and expat."""
    end = b""
    with archive.open(CONTENT) as stream:
        while piece := stream.read(PIECE):
            if any(sign in end + piece for sign in _SIGNS):
                break
            end = piece[-16:]
        else:
            return 0
    cells = _Cells(sheet)
    with archive.open(CONTENT) as stream:
        while piece := stream.read(PIECE):
            cells.parser.Parse(piece, False)
    return cells.count


class _Cells:
    """Takes the text of the tables apart, cell by cell."""

    def __init__(self, sheet: str) -> None:
        self.count = 0
        self.sheet = sheet
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._is_here, self._rows = False, 1
        self._cell: dict[str, str] | None = None
        self._shown, self._has_text = "", False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name, given = _short(name), {_short(key): value for key, value in attributes.items()}
        if name == "table":
            self._is_here = given.get("name") == self.sheet
        elif name == "table-row":
            self._rows = _times(given.get("number-rows-repeated"))
        elif name == "table-cell" and self._is_here:
            # calcext:value-type and office:value-type have one short name, so an error says so in place of the other
            self._cell, self._shown, self._has_text = given | _kinds(attributes), "", False
        elif name == "p":
            self._has_text = True

    def _text(self, text: str) -> None:
        if self._cell is not None and len(self._shown) < 100:
            self._shown += text

    def _end(self, name: str) -> None:
        if _short(name) == "table-cell" and self._cell is not None:
            if self._is_valueless(self._cell):
                self.count += self._rows * _times(self._cell.get("number-columns-repeated"))
            self._cell = None

    def _is_valueless(self, cell: dict[str, str]) -> bool:
        if cell["shown kind"] == "error":
            return True
        if "formula" not in cell:
            return False
        if not cell["kind"]:  # a formula of which the value is an empty text has an empty paragraph
            return not self._has_text or bool(self._shown.strip())
        is_text = cell["kind"] == "string"
        return bool(self._shown.strip()) and cell.get("string-value") == "" if is_text else bool(_ERROR.fullmatch(self._shown.strip()))


def _kinds(attributes: dict[str, str]) -> dict[str, str]:
    """The kind of the value (office:value-type), and the kind that LibreOffice shows (calcext:value-type)."""
    found = {"kind": "", "shown kind": ""}
    for key, value in attributes.items():
        if _short(key) == "value-type":
            found["shown kind" if "calcext" in key else "kind"] = value
    return found


def _short(name: str) -> str:
    return name.rpartition(" ")[2]


def _times(text: str | None) -> int:
    return min(int(text), _MOST) if text and text.isdecimal() else 1
