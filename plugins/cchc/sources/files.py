"""Find delivered files in a drop folder, and read them record by record.

A file that is not complete (a broken gzip or zip, no newline after the last line) is `Unfinished` and is left for the next run. A file that
is complete but cannot be understood (wrong header, wrong encoding) is `Unreadable` and is blocked. A sender should write a file under
another name and rename it when it is complete.
"""

from __future__ import annotations

import gzip
import io
import itertools
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from importlib import import_module
from typing import Any, Protocol

import orjson

from cchc.errors import CchcError, NotConfigured, SourceUnavailable
from cchc.sources import csv_files, day_files, remote, text_encodings
from cchc.sources.connection import Connection, variable
from cchc.sources.delivered import LacksColumns, Tally, Unfinished, Unreadable, Watched, require_end, too_long
from cchc.sources.documents import json_records
from cchc.sources.exact_json import checked
from cchc.sources.inbox import Inbox, matching
from cchc.sources.kinds import IN_A_PROCESS, kind_of, small_ending
from cchc.sources.landing import Folder
from cchc.sources.left_in_folder import left_in_folder
from cchc.sources.limits import MIB, Limits
from cchc.sources.nested import refuse_nested, rows_of
from cchc.sources.nul import without_nul
from cchc.sources.profile import Entity, Files, Profile
from cchc.sources.records import Problem
from cchc.sources.xml_documents import xes_rows, xml_records

__all__ = ["LacksColumns", "Tally", "Unfinished", "Unreadable", "Watched"]

CHUNK = 2**20
DOCUMENT_READERS = {"json": json_records, "xml": xml_records, "xes": xes_rows}
STRICT_WORKBOOKS = {"declared": "cchc.declared.intake"}


class WorkbookReader(Protocol):
    """What reads workbooks (`workbooks.Workbooks`)."""

    def read(
        self, data: bytes, name: str, entity: Entity, profile: Profile, files: Files, tally: Tally
    ) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
        """Yield (row, record) for each record of a workbook, with a Problem in place of a row that is no record."""


def drop_folder(profile: Profile, connection: Connection) -> Folder:
    """The drop folder of a source. Raises NotConfigured if the source has no files, SourceUnavailable if the folder does not exist."""
    if profile.files is None:
        raise NotConfigured(
            f"Source {profile.source} has no 'files' in its profile, but its connection's host {connection.host!r} is no http(s) URL. "
            f"Give the base URL as host in {variable(profile.source)}."
        )
    try:
        folder = remote.open_folder(connection)
        exists = _is_there(folder)
    except (ImportError, ValueError) as error:
        raise NotConfigured(f"The host {connection.host!r} of src_{profile.source} cannot be opened: {error}") from error
    except OSError as error:
        raise SourceUnavailable(f"{profile.source}: the drop folder {connection.host} cannot be read: {error}") from error
    if not exists:
        folder.close()
        is_s3 = remote.transport_of(connection.host) is remote.S3
        raise SourceUnavailable(
            f"{profile.source}: the drop folder {connection.host} "
            f"{'holds nothing, and in S3 an empty folder does not exist' if is_s3 else 'is not there'}. "
            f"Mount it or make it, or correct the host in {variable(profile.source)}."
        )
    return folder


def _is_there(folder: Folder) -> bool:
    try:
        return folder.is_there()
    except BaseException:
        folder.close()
        raise


def check_drop_folder(connection: Connection, profile: Profile) -> str:
    """List the drop folder. Returns a sentence about what was found."""
    with open_inbox(profile, connection, Limits.load()) as inbox:
        counts = [f"{entity.name}: {len(matching(entity, inbox.names))}" for entity in profile.entities.values()]
        found = f"{profile.source}: the drop folder {connection.host} is there, files by entity: {', '.join(counts)}."
        others = left_in_folder(profile, inbox)
    return found if others is None else f"{found} {others.removeprefix(f'{profile.source}: ')}"


def open_inbox(profile: Profile, connection: Connection, limits: Limits) -> Inbox:
    """What lies in the drop folder of a source. Raises NotConfigured and SourceUnavailable as `drop_folder` does."""
    folder = drop_folder(profile, connection)
    assert profile.files is not None  # noqa: S101  # drop_folder() refused a profile without
    try:
        return Inbox(folder, profile.files, limits)
    except CchcError:
        folder.close()
        raise
    except OSError as error:
        folder.close()
        raise SourceUnavailable(f"{profile.source}: the drop folder {connection.host} cannot be read: {error}") from error


def digest(inbox: Inbox, name: str) -> str:
    """The sha256 of the file's bytes as delivered; of a file in an archive those of the file."""
    total = sha256()
    with inbox.open(name) as file:
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
    entity = of_its_year(entity, name, files)
    with ExitStack() as stack:
        delivered = Watched(stack.enter_context(inbox.open(name)), hashing=True)
        raw = stack.enter_context(io.BufferedReader(delivered, CHUNK))
        stream = _unpacked(stack, name, raw)
        try:
            refuse_nested(name, entity)
            if kind_of(name) in IN_A_PROCESS:
                yield from books.read(_whole(stream, limits), name, entity, profile, files, tally)
            else:
                watched = Watched(stream, most=limits.file * MIB)
                content: Any = stack.enter_context(io.BufferedReader(watched, CHUNK))
                aliases = entity.aliases
                for number, record in _reading(inbox, name, content, watched, entity, files, tally, limits):
                    tally.read = watched.count
                    yield number, _by_known_names(record, aliases) if aliases else record
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Unfinished("its gzip is broken or not at its end") from error
        except OSError as error:
            raise SourceUnavailable(f"{profile.source} {entity.name}, file {name}: {_not_read(error)}") from error
        while raw.read(CHUNK):
            pass
        if delivered.hash is None or delivered.hash.hexdigest() != expected_sha256:
            raise Unfinished("it changed while it was read")


def _not_read(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or type(error).__name__}. Look at the disk or the share of the drop folder, and run again."


def of_its_year(entity: Entity, name: str, files: Files) -> Entity:
    """The entity with the names of fields that hold in the year of a file; as it is if no name has years."""
    parsed = day_files.parse_name(name, files) if entity.dated_names else None
    return entity if parsed is None else entity.in_year(parsed.day.year)


def _reading(
    inbox: Inbox, name: str, content: Any, watched: Watched, entity: Entity, files: Files, tally: Tally, limits: Limits
) -> Iterator[tuple[int, Any]]:
    """The records of a file that is read as a stream."""
    kind = kind_of(name)
    if kind == "ndjson":
        return rows_of(_ndjson(content, watched, limits), entity)
    if kind in DOCUMENT_READERS:
        return rows_of(DOCUMENT_READERS[kind](content, entity, limits), entity)
    tally.encoding = _chosen_encoding(inbox, name, entity, limits)
    return csv_files.read(content, watched, entity, files, tally, limits, tally.encoding)


def _chosen_encoding(inbox: Inbox, name: str, entity: Entity, limits: Limits) -> str | None:
    """The encoding of one text file, if the layout of the entity allows several; the whole file is read for it. None: that of all files."""
    if entity.layout is None or not entity.layout.encodings:
        return None
    with ExitStack() as stack:
        raw = stack.enter_context(inbox.open(name))
        stream = _unpacked(stack, name, raw)
        content = io.BufferedReader(Watched(stream, most=limits.file * MIB), CHUNK)
        return text_encodings.choose(content, entity.layout.encodings, f"entities.{entity.name}.layout.encodings")


def _unpacked(stack: ExitStack, name: str, raw: Any) -> Any:
    """The bytes of a file, unpacked where its name ends in .gz."""
    return stack.enter_context(gzip.GzipFile(fileobj=raw)) if small_ending(name).endswith(".gz") else raw


def _whole(stream: Any, limits: Limits) -> bytes:
    """The bytes of a workbook. Raises Unreadable if they are more than the limit."""
    data: bytes = stream.read(limits.workbook * MIB + 1)
    if len(data) > limits.workbook * MIB:
        raise Unreadable(
            f"a workbook or Parquet file of more than {limits.workbook} MB is not read (CCHC_MAX_WORKBOOK_MB); deliver it as CSV"
        )
    return data


def strict_workbook(kind: str) -> Any:
    """The module that reads workbooks of a kind cell by cell (`files.workbook` of a profile): `read`, `rules_stamp`, `NAME_WORDS`."""
    return import_module(STRICT_WORKBOOKS[kind])


def _by_known_names(record: Any, aliases: Mapping[str, str]) -> Any:
    """A record with the name by which each field is known; a Problem if it has two names of one field."""
    if type(record) is not dict:
        return record
    found: dict[str, Any] = {}
    for name, value in record.items():
        known: str = aliases.get(name, name)
        if known in found:
            return Problem(f"it has two names of one field ({known})")
        found[known] = value
    return found


def _ndjson(content: Any, watched: Watched, limits: Limits) -> Iterator[tuple[int, Any]]:
    most = limits.record * MIB
    for number in itertools.count(1):
        line = content.readline(most + 1)
        if not line:
            break
        if len(line) > most:
            raise too_long(number, limits)
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            if not text.endswith(b"\n"):
                break
            try:
                text = without_nul(text)
                yield number, checked(text, orjson.loads(text))
            except orjson.JSONDecodeError as error:
                yield number, Problem(f"not JSON ({str(error).partition(':')[0]})")
            except (ValueError, RecursionError):
                yield number, Problem("not JSON that can be read number by number")
    require_end(watched)
