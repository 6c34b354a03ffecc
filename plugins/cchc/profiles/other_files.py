"""What is wrong with the beginnings and the ends of a drop folder's tables, also of those that a sample does not come to.

A sample ends with its last record, so it sees neither the header of an older file nor how a file ends.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from fsspec.implementations.local import LocalFileSystem

from cchc.sources import files
from cchc.sources.connection import Connection
from cchc.sources.inbox import Inbox
from cchc.sources.kinds import kind_of
from cchc.sources.limits import Limits
from cchc.sources.profile import Entity, Profile
from cchc.sources.unread import Unfinished, Unreadable
from cchc.sources.workbooks import Workbooks

MOST_FILES = {True: 5000, False: 200}  # of a local folder, where a file costs milliseconds, and of one on a server
NAMES_SHOWN = 3
OPEN_END = "there is no newline after its last line, so it waits; where the sender never writes one, say layout.open_end: true"


@dataclass
class Ends:
    """What was found at the headers and ends of the text tables of an entity.

    `faults`: a sentence for each fault, with the files that have it; `looked_at`: the files that were looked at, in this order, of
    `there` text tables.
    """

    faults: list[str] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    there: int = 0


def look_at_ends(profile: Profile, connection: Connection, entity: Entity, names: list[str]) -> Ends:
    """Look at the text tables among the files `names` of an entity, which stand the newest first.

    A column that all of them lack is left out: it is told beside its line of the profile.
    """
    found: dict[str, list[str]] = defaultdict(list)
    limits = Limits.load()
    tables = [name for name in names if kind_of(name) == "table"]
    with Workbooks(limits) as books, files.open_inbox(profile, connection, limits) as inbox:
        looked_at = tables[: MOST_FILES[isinstance(inbox.folder.fs, LocalFileSystem)]]
        for name in looked_at:
            lacks = _lacks(inbox, name, entity, profile, limits, books)
            if fault := _end(inbox, name, entity) or lacks:
                found[fault].append(name)
    told = [f"{_named(having)}: {fault}" for fault, having in found.items() if having != looked_at or "layout" in fault or "empty" in fault]
    return Ends(told, looked_at, len(tables))


def _lacks(inbox: Inbox, name: str, entity: Entity, profile: Profile, limits: Limits, books: Workbooks) -> str | None:
    """The columns of the profile that the header of a file lacks, in words; None if it lacks none."""
    assert profile.files is not None  # noqa: S101  # a drop folder is read by them
    tally = files.Tally(thousands=profile.files.thousands, decimal=profile.files.decimal, signs=profile.files.signs)
    try:
        next(iter(files.read_records(inbox, name, "", entity, profile, profile.files, tally, limits, books)), None)
    except files.LacksColumns as problem:
        return str(problem)
    except (Unreadable, Unfinished, OSError):
        return None  # a fault of its end, or one that the extract tells
    return None


def _end(inbox: Inbox, name: str, entity: Entity) -> str | None:
    """What is wrong with the end of a file; None if nothing is, or if it is packed."""
    if name.lower().endswith(".gz") or inbox.packed_in(name) != name or (entity.layout is not None and entity.layout.open_end):
        return None
    try:
        with inbox.open(name) as content:
            if not content.seek(0, 2):
                return "it is empty"
            content.seek(-1, 2)
            return None if content.read(1) == b"\n" else OPEN_END
    except OSError:
        return None


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{'files' if len(names) > 1 else 'file'} {', '.join(sorted(names)[:NAMES_SHOWN])}{more}"
