"""Print rows on the terminal as tables of text. Numbers for people are formatted by cchc.reports.vietnamese."""

from __future__ import annotations

import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any


def cell(value: Any) -> str:
    """A value of the warehouse as the text of a cell: "" for null, JSON for an object, ISO 8601 for a moment, decimals as stored."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def table(header: list[str], rows: list[list[str]]) -> str:
    """The lines of a table: the header and the rows, with columns aligned on the left. Every row has as many cells as the header."""
    lines = [header, *rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(header))]
    out = io.StringIO()
    for position, line in enumerate(lines):
        out.write("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n")
        if position == 0:
            out.write("  ".join("-" * width for width in widths) + "\n")
    return out.getvalue().rstrip("\n")


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Print the table of these rows."""
    print(table(header, rows))


def print_columns(columns: list[str], rows: list[dict[str, Any]]) -> None:
    """Print these columns of rows of the warehouse as a table."""
    print_table(columns, [[cell(row[column]) for column in columns] for row in rows])
