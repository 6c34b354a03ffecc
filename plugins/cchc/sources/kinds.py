"""What a delivered file is, by the ending of its name."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["table", "workbook", "ndjson", "json", "xml", "xes", "parquet"]
ENDINGS: dict[str, Kind] = {
    ".xlsx": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
    ".parquet": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".geojson": "json",
    ".jsonld": "json",
    ".xml": "xml",
    ".xes": "xes",
}
TABLES: frozenset[Kind] = frozenset({"table", "workbook", "parquet"})
IN_A_PROCESS: frozenset[Kind] = frozenset({"workbook", "parquet"})
DOCUMENTS: frozenset[Kind] = frozenset({"json", "xml", "xes"})


def small_ending(name: str) -> str:
    """The name of a file with its ending in small letters, `.gz` and the one before it: `A.CSV.GZ` → `A.csv.gz`."""
    return re.sub(r"(?:\.[A-Za-z0-9]+)?\.gz\Z|\.[A-Za-z0-9]+\Z", lambda ending: ending.group().lower(), name, flags=re.IGNORECASE)


def kind_of(name: str) -> Kind:
    """The kind of a file; what has no known ending is a table of text (CSV). A file may be packed with gzip as well (`.gz`)."""
    plain = small_ending(name).removesuffix(".gz")
    return next((kind for ending, kind in ENDINGS.items() if plain.endswith(ending)), "table")


def is_table(name: str) -> bool:
    """Whether each record of the file is a row with all columns of a header. Otherwise a record has the fields that it has."""
    return kind_of(name) in TABLES


def is_document(name: str) -> bool:
    """Whether the file is a document, which may hold a single record."""
    return kind_of(name) in DOCUMENTS
