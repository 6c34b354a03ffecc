"""Print rows on the terminal as tables of text that fit its width. Numbers for people are formatted by cchc.reports.vietnamese.

A table that is wider than the terminal breaks its cells into several lines, and where that is not enough leaves out the columns that can
best be spared, and says so. With `--wide` every column stands in one line, however long it is.
"""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

NO_TERMINAL = 120  # the width where the output is no terminal and COLUMNS is not set
GAP = "  "
READABLE = 28  # a column of text is not made narrower while another column can be left out
NARROWEST = 8  # nor than this while that is enough
LONGEST_WORD = 32  # a code of a dossier is not broken, a longer word may be
LEFT_OUT = "not shown for lack of room: {}; --wide shows every column"
LEFT_OUT_VI = "không hiện vì thiếu chỗ: {}; --wide hiện mọi cột"

_is_wide = False


def set_wide(wide: bool) -> None:
    """Whether tables may be wider than the terminal."""
    global _is_wide
    _is_wide = wide


def cell(value: Any) -> str:
    """A value of the warehouse as the text of a cell: "" for null, JSON for an object, ISO 8601 for a moment, decimals as stored."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def table(header: list[str], rows: list[list[str]], spare: Sequence[str] = (), left_out: str = LEFT_OUT) -> str:
    """The lines of a table: the header and the rows, with columns aligned on the left. Every row has as many cells as the header.

    `spare`: the columns that are left out where the terminal is too narrow, in this order. `left_out`: the sentence that then names them.
    """
    lines = [header, *rows]
    natural = [max(len(line[index]) for line in lines) for index in range(len(header))]
    shown, widths = list(range(len(header))), natural
    if not _is_wide:
        shown, widths = _fitted(lines, natural, [header.index(name) for name in spare], shutil.get_terminal_size((NO_TERMINAL, 24)).columns)
    out = []
    for position, line in enumerate(lines):
        broken = [_broken(line[index], width) for index, width in zip(shown, widths, strict=True)]
        for parts in zip_longest(*broken, fillvalue=""):
            out.append(GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip())
        if position == 0:
            out.append(GAP.join("-" * width for width in widths))
    missing = [header[index] for index in range(len(header)) if index not in shown]
    if missing:
        out.append(left_out.format(", ".join(missing)))
    return "\n".join(out)


def _fitted(lines: list[list[str]], natural: list[int], spare: list[int], room: int) -> tuple[list[int], list[int]]:
    """The columns that are shown and their widths, so that a line is at most `room` wide wherever that is possible."""
    words = [min(width, max(NARROWEST, _longest_word([line[index] for line in lines]))) for index, width in enumerate(natural)]
    readable = [max(word, min(width, READABLE)) for word, width in zip(words, natural, strict=True)]
    shown = list(range(len(natural)))
    for index in spare:
        if _total([readable[at] for at in shown]) <= room:
            break
        shown.remove(index)
    widths = [natural[index] for index in shown]
    levels = [[level[index] for index in shown] for level in (readable, words, [min(width, NARROWEST) for width in natural])]
    smallest = next((level for level in levels if _total(level) <= room), levels[-1])
    while _total(widths) > room:
        over = [at for at, width in enumerate(widths) if width > smallest[at]]
        if not over:
            break
        widest = max(over, key=lambda at: widths[at])
        widths[widest] -= 1
    return shown, widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _longest_word(cells: list[str]) -> int:
    return min(LONGEST_WORD, max((len(word) for text in cells for word in text.split()), default=0))


def _broken(text: str, width: int) -> list[str]:
    """The lines of a cell. A text that fits stays as it is."""
    if len(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(text, max(width, len(indent) + 1), subsequent_indent=indent, break_on_hyphens=False) or [""]


def print_table(header: list[str], rows: list[list[str]], spare: Sequence[str] = (), left_out: str = LEFT_OUT) -> None:
    """Print the table of these rows."""
    print(table(header, rows, spare, left_out))


def print_columns(columns: list[str], rows: list[dict[str, Any]], spare: Sequence[str] = ()) -> None:
    """Print these columns of rows of the warehouse as a table."""
    print_table(columns, [[cell(row[column]) for column in columns] for row in rows], spare)
