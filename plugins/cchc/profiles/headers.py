"""The headers of files with like names: how each is written, and which of them are other ones than that of the newest file."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from cchc.profiles.encodings import guessed_encoding, in_order
from cchc.profiles.guesses import Field
from cchc.sources import files
from cchc.sources.inbox import Inbox
from cchc.sources.kinds import kind_of, small_ending
from cchc.sources.limits import Limits
from cchc.sources.profile import Entity, Files, Layout, Profile
from cchc.sources.unread import Unfinished, Unreadable
from cchc.sources.workbooks import Workbooks

FIRST_BYTES = 65536
MOST_HEADERS = 500
MOST_SAMPLED = 30
Read = TypeVar("Read")


@dataclass(frozen=True)
class Variant:
    """A header that is another one than that of the newest file.

    `files`: those that have it, the newest first; `header`: its names; `fields`: what was met in the newest of these files, or the names
    alone where its records were not looked at.
    """

    files: tuple[str, ...]
    header: tuple[str, ...]
    fields: dict[str, Field]


@dataclass(frozen=True)
class Headers:
    """The headers of files with like names. `names`: all of these files, the newest first; of them the first `looked_at` were looked at.

    `variants`: the headers that are other ones than `header`, that of the newest file; `unread`: files whose header cannot be read, with
    the reason; `written`: how text files are written, the newest one first, without repetitions.
    """

    names: tuple[str, ...] = ()
    looked_at: int = 0
    header: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    written: tuple[Files, ...] = field(default=(), repr=False)

    @property
    def encodings(self) -> list[str]:
        """The encodings of the files, in the order in which they are to be tried, where they do not all have the same one."""
        met = {each.encoding for each in self.written}
        return [each.removesuffix("-sig") for each in in_order(met)] if len(met) > 1 else []

    @property
    def delimiters(self) -> list[str]:
        """The characters between columns, where the files do not all have the same one."""
        met = list(dict.fromkeys(each.delimiter or ", or ;" for each in self.written))
        return met if len(met) > 1 else []


def read_headers(
    inbox: Inbox, names: list[str], profile: Callable[[Files], Profile], plain: Files, sampled: Callable[[str, Files], dict[str, Field]]
) -> Headers:
    """Look at the headers of tables, the newest first.

    Arguments: `names`, the files, the newest first; `profile`, what reads files that are written in a way; `plain`, how they are opened;
    `sampled`, the fields of a file as a sample of its records shows them.
    """
    limits, found, ways = Limits.load(), dict[tuple[str, ...], list[str]](), dict[str, Files]()
    unread: list[tuple[str, str]] = []
    with Workbooks(limits) as books:
        for name in names[:MOST_HEADERS]:
            try:
                ways[name] = how_written(inbox, name, plain)
                found.setdefault(_header(inbox, name, profile(ways[name]), ways[name], limits, books), []).append(name)
            except (Unreadable, Unfinished, OSError) as problem:
                unread.append((name, str(problem)))
    header, *others = found or [()]
    variants = []
    for number, other in enumerate(others):
        newest = found[other][0]
        fields = sampled(newest, ways[newest]) if number < MOST_SAMPLED else {}
        zone = profile(plain).zone_info
        fields = {name: fields.get(name) or Field(name, [], zone) for name in other if name}
        variants.append(Variant(tuple(found[other]), other, fields))
    written = tuple(dict.fromkeys(ways.values()))
    return Headers(tuple(names), min(len(names), MOST_HEADERS), header, tuple(variants), tuple(unread), written)


def below_titles(read: Callable[[Entity], Read], header: Callable[[Read], Sequence[str]], entity: Entity, name: str) -> Read:
    """What is read of a table: from its first row on, or, where that may be a title, from a header below it if that has more names.

    Arguments: `read`, reads the table `name` by an entity; `header`, gives the names in what was read.
    """
    first = read(entity)
    if kind_of(name) not in ("table", "workbook") or all(header(first)):
        return first
    below = read(replace(entity, layout=Layout()))
    return below if _names(header(below)) > _names(header(first)) else first


def _names(header: Sequence[str]) -> int:
    return len({*filter(None, header)})


def _header(inbox: Inbox, name: str, profile: Profile, way: Files, limits: Limits, books: Workbooks) -> tuple[str, ...]:
    def read(entity: Entity) -> tuple[str, ...]:
        return _read_header(inbox, name, entity, profile, way, limits, books)

    return below_titles(read, tuple, Entity("draft", "draft", "draft", (), ()), name)


def _read_header(
    inbox: Inbox, name: str, entity: Entity, profile: Profile, way: Files, limits: Limits, books: Workbooks
) -> tuple[str, ...]:
    tally = files.Tally()
    records = files.read_records(inbox, name, "", entity, profile, way, tally, limits, books)
    try:
        for _ in records:
            if tally.header is not None:
                break
    except (Unreadable, Unfinished):
        if tally.header is None:
            raise
    return tuple(tally.header or ())


def how_written(inbox: Inbox, name: str, plain: Files) -> Files:
    """How a file is written, as far as its first bytes tell."""
    if kind_of(name) != "table":
        return plain
    with inbox.open(name) as raw:
        content: Any = gzip.GzipFile(fileobj=raw) if small_ending(name).endswith(".gz") else raw
        head: bytes = content.read(FIRST_BYTES)
    encoding = guessed_encoding(head)
    first = head.decode(encoding, "replace").partition("\n")[0]
    try:
        delimiter = csv.Sniffer().sniff(first, ",;\t|").delimiter
    except csv.Error:
        delimiter = ","
    return replace(plain, delimiter=delimiter if delimiter in "\t|" else None, encoding=encoding)
