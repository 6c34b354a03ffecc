"""Count the cells of a sheet of an old workbook (.xls) that are errors such as #N/A, as `valueless_cells` does for .xlsx.

A formula without a kept value cannot be told: the format has a place for the value in each formula, and a program that does not compute
writes 0 there (docs/guides/what_is_read.md).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile

SIGN = bytes.fromhex("d0cf11e0a1b11ae1")
_BOF, _EOF, _SHEET, _FORMULA, _BOOLERR = 0x809, 0x0A, 0x85, 0x06, 0x205
_BIFF8 = 0x600


def count_in(data: bytes, sheet: str) -> int:
    """How many cells of the sheet are errors. Raises OSError, struct.error, IndexError or ValueError where the file is damaged."""
    with olefile.OleFileIO(io.BytesIO(data)) as stored:
        book = stored.openstream("Workbook" if stored.exists("Workbook") else "Book").read()
    version, begin = 0, None
    for _, kind, body in _records(book, 0):
        if kind == _BOF:
            version = struct.unpack_from("<H", body)[0]
        elif kind == _SHEET and _name(body, version) == sheet:
            begin = struct.unpack_from("<I", body)[0]
        elif kind == _EOF:
            break
    if begin is None:
        raise ValueError("there is no such sheet")
    count = depth = 0
    for _, kind, body in _records(book, begin):
        depth += (kind == _BOF) - (kind == _EOF)  # a chart in the sheet is a sheet within it
        if depth == 0:
            break
        if depth == 1 and kind == _BOOLERR:
            count += body[7] == 1
        elif depth == 1 and kind == _FORMULA:
            count += body[12:14] == b"\xff\xff" and body[6] == 2
    return count


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, bytes]]:
    """The records from a place on: where, kind, body."""
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield at, kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _name(body: bytes, version: int) -> str:
    length = body[6]
    if version != _BIFF8:
        return body[7 : 7 + length].decode("latin-1")
    return body[8 : 8 + length].decode("latin-1") if not body[7] & 1 else body[8 : 8 + 2 * length].decode("utf-16-le")
