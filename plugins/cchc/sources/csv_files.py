"""Read the records of CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol
from unicodedata import normalize

from cchc.sources.delivered import Tally, Unfinished, Unreadable, Watched, known_names, picked_columns, require_end, too_long
from cchc.sources.fixed_width import fixed_rows
from cchc.sources.header import SEARCHED_ROWS, Row, find_header, is_empty, met
from cchc.sources.limits import MIB, Limits
from cchc.sources.profile import Entity, Files, Layout
from cchc.sources.records import Problem
from cchc.sources.table_rows import table_records
from cchc.sources.text_encodings import Recoded

AHEAD_LINES = 2 * SEARCHED_ROWS  # a row may go over several lines

SEPARATORS = (",", ";", "\t", "|")


def read(
    content: Any, watched: Watched, entity: Entity, files: Files, tally: Tally, limits: Limits, encoding: str | None = None
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """Yield (line, record) for each record of a CSV file; if the profile names a trailer, for the records before it.

    `encoding`: that of this file, if it was chosen for the file alone. Raises Unfinished if the file has no end, and Unreadable if it
    breaks its contract.
    """
    if encoding is not None:
        watched = Watched(Recoded(content, encoding))  # type: ignore[arg-type]  # it is a readable binary stream
        content = io.BufferedReader(watched)
    text = io.TextIOWrapper(content, encoding=files.encoding if encoding is None else "utf-8", newline="")
    place = _Place()
    try:
        if entity.layout is None:
            yield from _plain(text, watched, place, entity, files, tally, limits)
        else:
            yield from _laid_out(text, place, entity, files, tally, limits)
    except UnicodeDecodeError as error:
        raise _undecoded(error, files.encoding, place.line) from error
    except Unreadable:
        if not content.read(1):  # a file that is still being written may lack its header or its end
            _require_whole(watched, place, entity)
        raise
    except csv.Error as error:
        raise Unreadable(f"after line {place.line}: {error}") from error
    finally:
        with suppress(ValueError):  # whoever ended the reading early has closed the file already
            text.detach()
    _require_whole(watched, place, entity)


def _require_whole(watched: Watched, place: _Place, entity: Entity) -> None:
    """Raise Unfinished if the file was not read to an end that can be one."""
    if entity.layout is None or not entity.layout.open_end or not watched.last:
        require_end(watched)
    elif watched.last != b"\n" and place.is_short:
        raise Unfinished("its last line has neither a newline nor all of its cells")
    if place.is_cut:
        raise Unfinished("it ends within quotes")


@dataclass
class _Place:
    """How far a file was read: its last line, whether it may have ended within quotes there, and whether it lacks cells of a record."""

    line: int = 0
    is_cut: bool = False
    is_short: bool = False


def _plain(
    text: io.TextIOWrapper, watched: Watched, place: _Place, entity: Entity, files: Files, tally: Tally, limits: Limits
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """The records of a file whose first line is the header."""
    place.line, header, rows = _csv_rows(text, files, limits)
    if header is None:
        require_end(watched)
        raise Unreadable("line 1: there is no header")
    tally.header = header = known_names(header, entity)
    picks = picked_columns(header, entity, rows)
    for row in rows:
        start, place.line = place.line + 1, rows.line_num
        if is_empty(row):
            tally.left.empty += 1  # an empty line, or one of separators alone, as spreadsheet programs leave below the data
        elif tally.trailer is not None:
            tally.after_trailer += 1
        elif files.trailer is not None and row[0].strip() == files.trailer:
            tally.trailer = [cell.strip() for cell in row]
        else:
            place.is_cut = _is_cut(row, len(header))
            tally.count(header, row)
            if len(row) == len(header):
                yield start, {name: row[index] for index, name in picks}
            else:
                yield start, Problem(f"{len(row)} cells where the header has {len(header)}")


def _is_cut(row: list[str], width: int) -> bool:
    """Whether the file ends within quotes if this row is its last one."""
    return len(row) < width and row[-1].endswith("\n")


def _laid_out(
    text: io.TextIOWrapper, place: _Place, entity: Entity, files: Files, tally: Tally, limits: Limits
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """The records of a file whose table stands as the entity's layout says."""
    csv.field_size_limit(limits.record * MIB)
    layout = entity.layout or Layout()
    if layout.fixed_width:
        yield from _at_fixed_places(text, place, entity, layout, files, tally, limits)
        return
    ahead = _Ahead(text, limits)
    form = _form(layout.delimiter or files.delimiter or _separator(ahead.lines, entity), layout.quote)
    rows = _Numbered(ahead, form, limits, before=0)

    last: list[str] = []

    def numbered() -> Iterator[Row]:
        for row in rows:
            start, place.line = place.line + 1, rows.line_num
            place.is_cut = bool(row) and row[-1].endswith("\n") and rows.is_within_quotes
            last[:] = row
            yield start, row

    yield from table_records(numbered(), entity, tally, files.trailer)
    place.is_short = len(last) < len(tally.header or ()) and tally.left.end_row is None


def _at_fixed_places(
    text: io.TextIOWrapper, place: _Place, entity: Entity, layout: Layout, files: Files, tally: Tally, limits: Limits
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """The records of a file whose columns stand at fixed places of each line."""

    def rows() -> Iterator[Row]:
        for number, row in fixed_rows(text, layout.fixed_width, layout.short_lines, limits):
            place.line = number
            place.is_short = len(row) < len(layout.fixed_width)
            yield number, row

    yield from table_records(rows(), entity, tally, files.trailer)
    place.is_short = place.is_short and tally.left.end_row is None


class _Ahead:
    """A text of which the first lines were read already; they are given again by `readline`."""

    def __init__(self, text: io.TextIOWrapper, limits: Limits) -> None:
        self._text = text
        self.lines: list[str] = []
        most = limits.record * MIB
        while len(self.lines) < AHEAD_LINES and (line := text.readline(most)):
            if len(line) >= most:
                raise too_long(len(self.lines) + 1, limits)
            self.lines.append(line)
        self._again = iter(self.lines)

    def readline(self, most: int) -> str:
        """The next line, and at most `most` characters of one that was not read already."""
        return next(self._again, None) or self._text.readline(most)


def _form(delimiter: str, quote: str = '"') -> dict[str, Any]:
    """How a line is cut into cells, in the words of the module csv. `quote` empty: nothing is quoted."""
    return {"delimiter": delimiter, "quotechar": quote} if quote else {"delimiter": delimiter, "quoting": csv.QUOTE_NONE}


def _separator(lines: list[str], entity: Entity) -> str:
    """The separator by which the first lines have most of the columns that the profile uses; the comma where none has any."""
    assert entity.layout is not None  # noqa: S101  # the caller asked

    def columns(separator: str) -> int:
        rows = enumerate(csv.reader((line.replace("\0", "") for line in lines), **_form(separator, layout.quote)), 1)
        header, _ = find_header(iter(list(rows)), entity, replace(layout, header_row=None))
        return met(header.names, entity) if header is not None else 0

    layout = entity.layout
    if layout.names:
        widths = {separator: max(map(len, csv.reader(lines, **_form(separator, layout.quote))), default=0) for separator in SEPARATORS}
        return next((separator for separator, width in widths.items() if width == len(layout.names)), SEPARATORS[0])
    return max(SEPARATORS, key=columns)


def _undecoded(error: UnicodeDecodeError, encoding: str, line: int) -> Unfinished | Unreadable:
    """The error for bytes after `line` that are no text: the file ends within a letter, or it has another encoding."""
    if error.reason == "unexpected end of data":
        return Unfinished("it ends within a letter")
    return Unreadable(f"it is not {encoding}: byte {error.object[error.start]:#04x} after line {line}", "files.formats.encoding")


def _csv_rows(text: io.TextIOWrapper, files: Files, limits: Limits) -> tuple[int, list[str] | None, Any]:
    """The number of lines of the header, the header, and a reader of the rows after it."""
    most = limits.record * MIB
    csv.field_size_limit(most)  # list fields are JSON text in one cell
    first = text.readline(most)
    if not first.endswith("\n"):  # the sender is still writing: an incomplete header is not a header
        if len(first) >= most:
            raise too_long(1, limits)
        return 0, None, None
    delimiter = files.delimiter or (";" if first.count(";") > first.count(",") else ",")
    header = next(csv.reader([first], delimiter=delimiter), None)
    if not header:
        return 0, None, None
    return 1, [normalize("NFC", cell).strip() for cell in header], _Numbered(text, _form(delimiter), limits)


class _Lines(Protocol):
    def readline(self, most: int, /) -> str: ...


class _Numbered:
    """A csv reader after `before` lines, which `line_num` includes.

    A record may stand on many lines, if its cells have line breaks in quotes; all of them together must stay within the limit.
    """

    def __init__(self, text: _Lines, form: dict[str, Any], limits: Limits, before: int = 1) -> None:
        self._reader = csv.reader(self._lines(text, limits), **form)
        self._size = 0
        self._quote = form.get("quotechar", '"')
        self._quotes = 0
        self._before = before
        self._first = before + 1

    def _lines(self, text: _Lines, limits: Limits) -> Iterator[str]:
        most = limits.record * MIB
        while line := text.readline(most - self._size):
            self._size += len(line)
            if self._size >= most:
                raise too_long(self._first, limits)
            self._quotes += line.count(self._quote)
            yield line.replace("\0", "")

    def __iter__(self) -> Iterator[list[str]]:
        for row in self._reader:
            yield row
            self._size, self._quotes, self._first = 0, 0, self.line_num + 1

    @property
    def is_within_quotes(self) -> bool:
        """Whether the lines of the current row have a quote that is not closed."""
        return self._quotes % 2 == 1

    @property
    def line_num(self) -> int:
        """The number of lines of the file that were read."""
        return self._reader.line_num + self._before
