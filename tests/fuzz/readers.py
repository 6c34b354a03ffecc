"""Simple readers that share nothing with the product: how many records a file has, where anybody would call it valid.

None: the file is damaged, cut off, or lacks what the profile asks for, so the product may refuse it.
"""

from __future__ import annotations

import csv
import io
import json
import warnings
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from tests.fuzz.profiles import FIELDS

LONGEST = 400  # bytes of a text that no limit of the product refuses
Counter = Callable[[bytes], int | None]


def csv_records(data: bytes, encoding: str = "utf-8-sig", delimiter: str = ",") -> int | None:
    """The rows of a CSV file with the whole header, all rows as wide as it, and an end."""
    try:
        text = data.decode(encoding)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    if (
        "\r" in text.replace("\r\n", "")
        or not text.endswith("\n")
        or "\0" in text
        or not rows
        or not set(FIELDS) <= set(rows[0])
        or len(set(rows[0])) != len(rows[0])
    ):
        return None
    body = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    is_plain = all(len(row) == len(rows[0]) for row in body) and all(len(cell) < LONGEST for row in body for cell in row)
    return len(body) if is_plain else None


def ndjson_records(data: bytes) -> int | None:
    """The lines of a file in which each is an object of texts."""
    if not data.endswith(b"\n"):
        return None
    try:
        found = [json.loads(line) for line in data.removeprefix(b"\xef\xbb\xbf").decode().split("\n") if line.strip()]
    except ValueError:
        return None
    return len(found) if all(map(_is_plain, found)) else None


def json_records(data: bytes) -> int | None:
    """The objects in the list `ketQua.vanBan` of a document."""
    try:
        records = json.loads(data.decode("utf-8-sig"), object_pairs_hook=once)["ketQua"]["vanBan"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return len(records) if isinstance(records, list) and all(map(_is_plain, records)) else None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs. Raises ValueError where a key stands in it twice: readers take one of them, and not all the same one."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _is_plain(record: Any) -> bool:
    return isinstance(record, dict) and all(isinstance(value, str) and len(value) < LONGEST for value in record.values())


def xml_records(data: bytes) -> int | None:
    """The elements `ketQua/vanBan` of a document that declares nothing."""
    if b"<!" in data:
        return None
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  # no entity is declared
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    depth = _depth(root)
    return len([child for child in root if _name(child) == "vanBan"]) or None if _name(root) == "ketQua" and depth < 90 else None


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _depth(element: ElementTree.Element) -> int:
    return 1 + max(map(_depth, element), default=0)


def workbook_records(data: bytes) -> int | None:
    """The rows of the first sheet of an Excel file that is as openpyxl writes one: each cell a text or empty, none far from the others."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sheet: Any = load_workbook(io.BytesIO(data)).worksheets[0]
        if sheet.max_row > 1000 or sheet.max_column > 50:
            return None
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    except Exception:  # openpyxl raises errors of many types
        return None
    if not all(cell is None or isinstance(cell, str) for row in rows for cell in row) or not set(FIELDS) <= set(rows[0]):
        return None
    return sum(any(cell and cell.strip() for cell in row) for row in rows[1:])


def archive_records(data: bytes) -> int | None:
    """The records of the JSON documents in a zip archive that Python reads wholly, each under a plain name of its own."""
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if archive.testzip() is not None or len(set(names)) != len(names):
                return None
            for name in names:
                found = json_records(archive.read(name)) if name.isascii() and name.isalnum() or name.endswith(".json") else None
                if found is None or not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.") or name.startswith("."):
                    return None
                total += found
    except Exception:  # zipfile raises errors of many types
        return None
    return total or None
