"""Records of a source as it delivers them, for looking at: read by the extract itself, into memory alone, and nothing of them is kept.

Secret records are counted and never shown. The extract is ended as soon as there are enough records, or enough bytes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from cchc.errors import CchcError
from cchc.period import now
from cchc.profiles.other_files import Ends, look_at_ends
from cchc.sources import day_files, files, privacy
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.inbox import matching
from cchc.sources.kinds import is_table
from cchc.sources.landing import Folder, Window
from cchc.sources.limits import MIB, Limits
from cchc.sources.profile import Column, Entity, Profile
from cchc.sources.records import Intake, Problem, watched
from cchc.sources.unread import Unfinished, Unreadable
from cchc.sources.workbooks import Workbooks
from cchc.staging.columns import Line
from cchc.states import LoadStatus

MOST_ROWS = 10_000
MOST_BYTES = 64 * MIB
MOST_FILES = 50
UNUSED = "unused_"


class _Enough(CchcError):
    """There are enough records; the extract is ended."""


@dataclass
class Piece:
    """What one file, or all answers of a source, gave: (line, record) as delivered, and (line, reason) for what is no record."""

    file: str | None = None
    file_date: str | None = None
    revision: int | None = None
    records: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Sample:
    """Records of one entity of the source `source`.

    `pieces`: the records by the file that has them, `bytes` large. `told`: sentences of the extract about what it blocks or leaves waiting;
    `ends`: what was found at the headers and ends of files. `header`: the columns of a table. `secret`: how many records are secret, which
    are not kept. `unread`: of how many files no records were read, because there were enough.
    """

    entity: Entity
    window: Window
    pieces: list[Piece] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    ends: Ends = field(default_factory=Ends)
    header: list[str] = field(default_factory=list)
    secret: int = 0
    unread: int = 0
    bytes: int = 0
    lists_are_text: bool = False
    source: str = ""

    @property
    def records(self) -> list[tuple[int, dict[str, Any]]]:
        """All records, each with its line."""
        return [pair for piece in self.pieces for pair in piece.records]

    @property
    def files(self) -> list[str]:
        """The files that were read."""
        return [piece.file for piece in self.pieces if piece.file is not None]

    @property
    def fields(self) -> list[str]:
        """The fields that were delivered, in the order in which they were met."""
        return list(dict.fromkeys((*self.header, *(name for _, record in self.records for name in record))))

    def lines(self, profile: Profile, piece: Piece) -> list[Line]:
        """The landing lines of a piece: without personal data, event rows merged."""
        intake = Intake(profile, self.entity, self.window, secrets.token_bytes(16), lists_are_text=self.lists_are_text)
        landed = intake.take([*piece.records, *((line, Problem(words)) for line, words in piece.problems)])
        return [orjson.loads(line) for line in (*landed, *intake.rest())]


def take_sample(
    profile: Profile, connection: Connection, most: int, *, window: Window | None = None, only_file: str | None = None
) -> Iterator[Sample]:
    """Yield a sample of each entity.

    Arguments: `most`, after so many records an entity is left; `window`, the time for which the source is asked, everything without it;
    `only_file`, the only file or archive of the folder to read.
    Raises the errors of an extract: NotConfigured, SourceUnavailable, ContractViolation.
    """
    for entity in profile.entities.values():
        sample = Sample(entity, window or Window(None, now(), is_by_clock=True), source=profile.source)
        if connection.is_database:
            sample.header = _columns(profile, connection, entity)
        is_folder = not (connection.is_http or connection.is_database)
        names: Sequence[str | None] = _files(profile, entity, connection, only_file) if is_folder else [None]
        for name in names[:MOST_FILES]:
            if not _read(profile, connection, sample, most, name):
                break
        sample.unread = len(names) - len(sample.pieces)
        if is_folder:
            untold = [name for name in names if name and not any(f", file {name}" in words for words in sample.told)]
            sample.ends = look_at_ends(profile, connection, entity, untold)
        yield sample


def _files(profile: Profile, entity: Entity, connection: Connection, only_file: str | None) -> list[str]:
    """The files of an entity, the newest first."""
    with files.open_inbox(profile, connection, Limits.load()) as inbox:
        matched = matching(entity, inbox.names)
    names = [name for name in matched if only_file is None or name == only_file or name.startswith(f"{only_file}/")]  # in an archive

    def order(name: str) -> tuple[str, int, str]:
        parsed = day_files.parse_name(name, profile.files) if profile.files is not None and profile.files.name is not None else None
        return ("", 0, name) if parsed is None else (parsed.day.isoformat(), parsed.revision, name)

    return sorted(names, key=order, reverse=True)


def _read(profile: Profile, connection: Connection, sample: Sample, most: int, name: str | None) -> bool:
    """Read one file, the answers over HTTP, or a table. Returns whether more may be read."""
    # what a delivery lacks is told of all its columns at once, and beside it everything else
    columns = tuple(replace(column, optional=True) if column.source is not None else column for column in sample.entity.columns)
    asked = replace(sample.entity, columns=columns, deletions=None)
    piece = _piece(profile, name)
    sample.pieces.append(piece)
    if name is not None:
        header = _header(profile, connection, asked, name)
        sample.header = list(dict.fromkeys((*sample.header, *header)))
        # of a table only the fields of the profile are read, so the others become columns here; nothing of them is kept
        others = [cell for cell in header if cell and cell not in sample.entity.fields]
        asked = replace(asked, file_pattern=_exact(name), columns=(*columns, *_unused(others)))
    alone, before = replace(profile, entities={asked.name: asked}), len(sample.records)

    def watch(_: Entity, records: list[tuple[int, Any]], lists_are_text: bool) -> None:
        sample.lists_are_text = lists_are_text
        for line, record in records:
            if before + len(piece.records) >= most or len(piece.problems) >= most or sample.bytes >= MOST_BYTES:
                raise _Enough("the sample is taken")
            _see(sample, piece, line, record)

    landing = f"memory://cchc_sample_{secrets.token_hex(8)}"
    try:
        with watched(watch):
            landed = extract(
                alone, connection, sample.window, landing, extract_id=1, privacy_key=secrets.token_hex(16), entities=[asked.name]
            )
    except _Enough:
        return False
    finally:
        Folder(landing).remove()
    sample.told += [str(load.message) for load in landed if load.status != LoadStatus.LANDED and load.message and load.file_name == name]
    return True


def _columns(profile: Profile, connection: Connection, entity: Entity) -> list[str]:
    """The names of all columns of an entity's table. Of those that the profile does not use, no value is ever asked for."""
    from cchc.sources.database import Session

    with Session(profile, connection, Limits.load()) as session:
        return session.header(entity)


def _header(profile: Profile, connection: Connection, entity: Entity, name: str) -> list[str]:
    """The header of a file that is a table; empty where it is none, or cannot be read, which the extract then tells."""
    if not is_table(name) or profile.files is None or profile.files.workbook is not None:
        return []
    tally, limits = files.Tally(), Limits.load()
    with Workbooks(limits) as books, files.open_inbox(profile, connection, limits) as inbox:
        try:
            for _ in files.read_records(inbox, name, "", entity, profile, profile.files, tally, limits, books):
                if tally.header is not None:
                    break
        except (Unreadable, Unfinished, OSError):
            pass
    return tally.header or []


def _unused(names: list[str]) -> Iterator[Column]:
    yield from (Column(f"{UNUSED}{number}", name, optional=True) for number, name in enumerate(names))


def _see(sample: Sample, piece: Piece, line: int, record: Any) -> None:
    rule = sample.entity.secret
    if not isinstance(record, dict):
        piece.problems.append((line, str(record) if isinstance(record, str) else f"not an object ({type(record).__name__})"))
    elif rule is not None and privacy.clean(record.get(rule.field)) not in rule.open:
        sample.secret += 1
    else:
        piece.records.append((line, record))
        sample.bytes += len(orjson.dumps(record, default=str))


def _piece(profile: Profile, name: str | None) -> Piece:
    parsed = None
    if name is not None and profile.files is not None and profile.files.name is not None:
        parsed = day_files.parse_name(name, profile.files)
    return Piece(name) if parsed is None else Piece(name, parsed.day.isoformat(), parsed.revision)


def _exact(name: str) -> str:
    """A pattern for this file alone."""
    return "".join(f"[{sign}]" if sign in "*?[" else "?" if sign == "{" else sign for sign in name.removesuffix(".gz"))
