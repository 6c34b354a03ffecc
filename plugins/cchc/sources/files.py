"""Find delivered files in a drop folder, and read them record by record.

A file that is not complete (a broken gzip or zip, no newline after the last line) is `Unfinished` and is left for the next run. A file that
is complete but cannot be understood (wrong header, wrong encoding) is `Unreadable` and is blocked. A sender should write a file under
another name and rename it when it is complete.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from typing import IO, Any, Protocol
from unicodedata import normalize

import orjson

from cchc.errors import NotConfigured, SourceUnavailable
from cchc.sources.connection import Connection, variable
from cchc.sources.documents import json_records
from cchc.sources.fields import named, new_names
from cchc.sources.inbox import Inbox, matching
from cchc.sources.kinds import kind_of
from cchc.sources.landing import Folder
from cchc.sources.left_alone import left_alone
from cchc.sources.limits import MIB, Limits
from cchc.sources.nested import refuse_nested, rows_of
from cchc.sources.nul import without_nul
from cchc.sources.profile import Entity, Files, Profile
from cchc.sources.records import Problem
from cchc.sources.unread import LacksColumns as LacksColumns
from cchc.sources.unread import Unfinished as Unfinished
from cchc.sources.unread import Unreadable as Unreadable
from cchc.sources.xml_documents import xes_rows, xml_records

CHUNK = 2**20
DOCUMENT_READERS = {"json": json_records, "xml": xml_records, "xes": xes_rows}
STRICT_WORKBOOKS = {"declared": "cchc.declared.intake"}


class WorkbookReader(Protocol):
    """What reads workbooks (`workbooks.Workbooks`)."""

    def read(
        self, data: bytes, name: str, entity: Entity, profile: Profile, files: Files, tally: Tally
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (row, record) for each record of a workbook."""


class Watched(io.RawIOBase):
    """A readable stream that calculates the sha256 of the bytes read, counts them, and remembers the last one.

    `most`: the number of bytes after which it raises Unreadable; None: no limit.
    """

    def __init__(self, inner: IO[bytes], hashing: bool = False, most: int | None = None) -> None:
        self.inner = inner
        self.hash = sha256() if hashing else None
        self.last = b""
        self.count = 0
        self.most = most

    def readable(self) -> bool:
        """Whether the stream can be read; always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes into the buffer. Returns their number, 0 at the end."""
        data = self.inner.read(len(buffer))
        if data:
            buffer[: len(data)] = data
            self.last = data[-1:]
            self.count += len(data)
            if self.most is not None and self.count > self.most:
                raise Unreadable(f"it has more than {self.most // MIB} MB when it is unpacked (CCHC_MAX_FILE_MB)")
            if self.hash is not None:
                self.hash.update(data)
        return len(data)


@dataclass
class Tally:
    """Counts of a delivered table: its header, all data rows, and the sum of amounts in the rows that match `where`.

    `read`: the bytes that were read so far, of any file; `other_sheets`: sheets of a workbook that have cells and are not read.
    """

    amount_field: str | None = None
    where: dict[str, str] = field(default_factory=dict)
    thousands: str | None = None
    rows: int = 0
    amount: int = 0
    header: list[str] | None = None
    trailer: list[str] | None = None
    after_trailer: int = 0
    unread_amounts: int = 0
    read: int = 0
    other_sheets: list[str] = field(default_factory=list)

    def count(self, header: list[str], row: list[str]) -> None:
        """Count one data row."""
        self.rows += 1
        if self.amount_field is None or len(row) != len(header):
            return
        cells = dict(zip(header, row, strict=True))
        if all(cells.get(name, "").strip() == value for name, value in self.where.items()):
            amount = whole_number(cells.get(self.amount_field, ""), self.thousands)
            self.unread_amounts += amount is None
            self.amount += amount or 0


def whole_number(value: Any, thousands: str | None) -> int | None:
    """A delivered whole number: an int, or digits with or without the thousands separator in the right places; None otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    digits = text.removeprefix("-")
    if thousands and thousands in digits:
        groups = digits.split(thousands)
        if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
            return None
        digits = "".join(groups)
    if not digits.isascii() or not digits.isdigit():
        return None
    return -int(digits) if text.startswith("-") else int(digits)


def drop_folder(profile: Profile, connection: Connection) -> Folder:
    """The drop folder of a source. Raises NotConfigured if the source has no files, SourceUnavailable if the folder does not exist."""
    if profile.files is None:
        raise NotConfigured(
            f"Source {profile.source} has no 'files' in its profile, but its connection's host {connection.host!r} is no http(s) URL. "
            f"Give the base URL as host in {variable(profile.source)}."
        )
    try:
        folder = Folder(connection.host, connection.extra.get("storage_options"))
        exists = folder.fs.isdir(folder.path)
    except (ImportError, ValueError) as error:
        raise NotConfigured(f"The host {connection.host!r} of src_{profile.source} cannot be opened: {error}") from error
    except OSError as error:
        raise SourceUnavailable(f"{profile.source}: the drop folder {connection.host} cannot be read: {error}") from error
    if not exists:
        raise SourceUnavailable(
            f"{profile.source}: the drop folder {connection.host} is not there. "
            f"Mount it or make it, or correct the host in {variable(profile.source)}."
        )
    return folder


def check_drop_folder(connection: Connection, profile: Profile) -> str:
    """List the drop folder. Returns a sentence about what was found."""
    with open_inbox(profile, connection, Limits.load()) as inbox:
        counts = [f"{entity.name}: {len(matching(entity, inbox.names))}" for entity in profile.entities.values()]
        found = f"{profile.source}: the drop folder {connection.host} is there, files by entity: {', '.join(counts)}."
        others = left_alone(profile, inbox)
    return found if others is None else f"{found} {others.removeprefix(f'{profile.source}: ')}"


def open_inbox(profile: Profile, connection: Connection, limits: Limits) -> Inbox:
    """What lies in the drop folder of a source. Raises NotConfigured and SourceUnavailable as `drop_folder` does."""
    folder = drop_folder(profile, connection)
    assert profile.files is not None  # noqa: S101  # drop_folder() refused a profile without
    try:
        return Inbox(folder, profile.files, limits)
    except OSError as error:
        raise SourceUnavailable(f"{profile.source}: the drop folder {connection.host} cannot be read: {error}") from error


def digest(inbox: Inbox, name: str) -> str:
    """The sha256 of the file's bytes as delivered; of a file in an archive those of the file."""
    with inbox.open(name) as file:
        return _sha256(file)


def digest_of(folder: Folder, name: str) -> str:
    """The sha256 of the bytes of a file that is in no archive."""
    with folder.fs.open(f"{folder.path}/{name}", "rb") as file:
        return _sha256(file)


def _sha256(file: IO[bytes]) -> str:
    total = sha256()
    while data := file.read(CHUNK):
        total.update(data)
    return total.hexdigest()


def read_records(
    inbox: Inbox,
    name: str,
    expected_sha256: str,
    entity: Entity,
    profile: Profile,
    files: Files,
    tally: Tally,
    limits: Limits,
    books: WorkbookReader,
) -> Iterator[tuple[int, Any]]:
    """Yield (line in the delivered file, record) for each record, with a Problem in place of a record that cannot be read.

    Raises Unfinished if the file is incomplete or changed while it was read, and Unreadable if it breaks its contract or a limit.
    """
    with ExitStack() as stack:
        delivered = Watched(stack.enter_context(inbox.open(name)), hashing=True)
        raw = stack.enter_context(io.BufferedReader(delivered, CHUNK))
        stream = stack.enter_context(gzip.GzipFile(fileobj=raw)) if name.endswith(".gz") else raw
        try:
            refuse_nested(name, entity)
            if kind_of(name) == "workbook":
                yield from books.read(_whole(stream, limits), name, entity, profile, files, tally)
            else:
                watched = Watched(stream, most=limits.file * MIB)  # type: ignore[arg-type]  # both are readable binary streams
                content: Any = stack.enter_context(io.BufferedReader(watched, CHUNK))
                for pair in _reading(name, content, watched, entity, files, tally, limits):
                    tally.read = watched.count
                    yield pair
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Unfinished("its gzip is broken or not at its end") from error
        while raw.read(CHUNK):
            pass
        if delivered.hash is None or delivered.hash.hexdigest() != expected_sha256:
            raise Unfinished("it changed while it was read")


def _reading(
    name: str, content: Any, watched: Watched, entity: Entity, files: Files, tally: Tally, limits: Limits
) -> Iterator[tuple[int, Any]]:
    """The records of a file that is read as a stream."""
    kind = kind_of(name)
    if kind == "ndjson":
        return rows_of(_ndjson(content, watched, limits), entity)
    if kind in DOCUMENT_READERS:
        return rows_of(DOCUMENT_READERS[kind](content, entity, limits), entity)
    return _csv(content, watched, entity, files, tally, limits)


def _whole(stream: Any, limits: Limits) -> bytes:
    """The bytes of a workbook. Raises Unreadable if they are more than the limit."""
    data: bytes = stream.read(limits.workbook * MIB + 1)
    if len(data) > limits.workbook * MIB:
        raise Unreadable(f"a workbook of more than {limits.workbook} MB is not read (CCHC_MAX_WORKBOOK_MB); deliver it as CSV")
    return data


def strict_workbook(kind: str) -> Any:
    """The module that reads workbooks of a kind cell by cell (`files.workbook` of a profile): `read`, `rules_stamp`, `NAME_WORDS`."""
    return import_module(STRICT_WORKBOOKS[kind])


def _require_end(watched: Watched) -> None:
    if watched.last != b"\n":
        raise Unfinished("there is no newline after its last line" if watched.last else "it is empty")


def _ndjson(content: Any, watched: Watched, limits: Limits) -> Iterator[tuple[int, Any]]:
    most = limits.record * MIB
    for number in itertools.count(1):
        line = content.readline(most + 1)
        if not line:
            break
        if len(line) > most:
            raise _too_long(number, limits)
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            if not text.endswith(b"\n"):
                break
            try:
                yield number, orjson.loads(without_nul(text))
            except orjson.JSONDecodeError as error:
                yield number, Problem(f"not JSON ({str(error).partition(':')[0]})")
    _require_end(watched)


def _too_long(line: int, limits: Limits) -> Unreadable:
    return Unreadable(f"the record that begins at line {line} has more than {limits.record} MB (CCHC_MAX_RECORD_MB)")


def _csv(content: Any, watched: Watched, entity: Entity, files: Files, tally: Tally, limits: Limits) -> Iterator[tuple[int, Any]]:
    """The records of a CSV file; if the profile names a trailer, the records before it."""
    text = io.TextIOWrapper(content, encoding=files.encoding, newline="")
    line, is_cut = 0, False
    try:
        line, header, rows = _csv_rows(text, files, limits)
        if header is None:
            _require_end(watched)
            raise Unreadable("line 1: there is no header")
        tally.header = header
        picks = picked_columns(header, entity, rows)
        for row in rows:
            start, line = line + 1, rows.line_num
            if not any(cell.strip() for cell in row):
                continue  # an empty line, or one of separators alone, as spreadsheet programs leave below the data
            if tally.trailer is not None:
                tally.after_trailer += 1
            elif files.trailer is not None and row[0].strip() == files.trailer:
                tally.trailer = [cell.strip() for cell in row]
            else:
                is_cut = len(row) < len(header) and row[-1].endswith("\n")  # if this is the last row, the file ends within quotes
                tally.count(header, row)
                if len(row) == len(header):
                    yield start, {name: row[index] for index, name in picks}
                else:
                    yield start, Problem(f"{len(row)} cells where the header has {len(header)}")
    except UnicodeDecodeError as error:
        raise _undecoded(error, files.encoding, line) from error
    except csv.Error as error:
        raise Unreadable(f"after line {line}: {error}") from error
    finally:
        text.detach()
    _require_end(watched)
    if is_cut:
        raise Unfinished("it ends within quotes")


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
            raise _too_long(1, limits)
        return 0, None, None
    delimiter = files.delimiter or (";" if first.count(";") > first.count(",") else ",")
    header = next(csv.reader([first], delimiter=delimiter), None)
    if not header:
        return 0, None, None
    return 1, [normalize("NFC", cell).strip() for cell in header], _Numbered(text, delimiter, limits)


class _Numbered:
    """A csv reader after a header of one line; `line_num` includes the header.

    A record may stand on many lines, if its cells have line breaks in quotes; all of them together must stay within the limit.
    """

    def __init__(self, text: io.TextIOWrapper, delimiter: str, limits: Limits) -> None:
        self._reader = csv.reader(self._lines(text, limits), delimiter=delimiter)
        self._size = 0
        self._first = 2

    def _lines(self, text: io.TextIOWrapper, limits: Limits) -> Iterator[str]:
        most = limits.record * MIB
        while line := text.readline(most - self._size):
            self._size += len(line)
            if self._size >= most:
                raise _too_long(self._first, limits)
            yield line.replace("\0", "")

    def __iter__(self) -> Iterator[list[str]]:
        for row in self._reader:
            yield row
            self._size, self._first = 0, self.line_num + 1

    @property
    def line_num(self) -> int:
        """The number of lines of the file that were read."""
        return self._reader.line_num + 1


def picked_columns(header: list[str], entity: Entity, rows: Iterable[list[Any]]) -> list[tuple[int, str]]:
    """The columns that may land, each with its place. `rows`: the rows after the header.

    Raises LacksColumns if the header lacks a column that the profile uses and that is not optional, and Unreadable if it has such a column
    twice.

    A line counts as a header if it has at least half of the columns of the profile. Any other line may be the record of a citizen. So may
    cells of a header whose line break was lost; therefore names are shown only if the header has as many cells as the row after it.
    """
    wanted = {name: None for name in entity.fields if name in entity.wire_fields}
    if entity.secret is not None:
        wanted |= dict.fromkeys((entity.secret.field, entity.secret.unit))
    met = [name for name in wanted if name in header]
    lacking = [name for name in wanted if name not in header and name not in entity.optional_fields]
    if lacking:
        words = f"{len(lacking)} of the {len(wanted)} columns that the profile uses: {named(lacking, entity)}."
        if 2 * len(met) < len(wanted):
            raise LacksColumns(
                f"line 1 is no header ({len(header)} cells, which are not repeated here): it lacks {words}", lacking, len(header)
            )
        below = next(iter(rows), [])
        new = {name for name in header if name not in wanted} if len(below) == len(header) else set()
        raise LacksColumns(f"line 1: the header lacks {words}{new_names(new, lacking)}", lacking, len(header))
    twice = sorted({name for name in met if header.count(name) > 1})
    if twice:
        raise Unreadable(f"line 1: the header has {', '.join(twice)} twice")
    return [(index, name) for index, name in enumerate(header) if name in wanted]
