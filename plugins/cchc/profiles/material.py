"""What a profile may be drafted from: each place of a file, an archive or a folder where records lie, and each table of a database."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cchc.errors import NotConfigured, WrongUse
from cchc.period import ZONE
from cchc.profiles.guesses import Field, fields_of, missing_words
from cchc.profiles.nested_fields import Flat, flattened
from cchc.profiles.sample import Sample, take_sample
from cchc.profiles.service import Service
from cchc.profiles.structure import json_places, xml_places
from cchc.profiles.yaml_words import quoted
from cchc.sources.archives import is_archive
from cchc.sources.connection import Connection
from cchc.sources.files import open_inbox
from cchc.sources.inbox import Inbox
from cchc.sources.kinds import ENDINGS, is_table, kind_of, small_ending
from cchc.sources.limits import Limits
from cchc.sources.profile import Database, Entity, Files, Profile

NO_RECORD = (
    "Below its first row is none with as many cells. Where titles stand above the header, draft from a copy without them, and add "
    "`layout` for the real file (docs/guides/table_files.md)."
)
ROWS = 2000
TEXT_ENDINGS = (".csv", ".tsv", ".txt")
ENCODINGS = ("utf-8-sig", "utf-16", "cp1258")
FIRST_BYTES = 65536


@dataclass(frozen=True)
class Material:
    """Records that lie at one place: what is known of their fields, and how a profile says where they are.

    `name`: what people know the place by; `file`: a file that has them; `delivery`: what was given to draft from; `fields`, `records`:
    what was met, and how many records; `place`: the lines of the entity that say where they are; `files`: how the file is written;
    `service`: how they are asked for over HTTP; with neither of both it is a table of a database. `missing`: texts that mean that a
    value is missing; `key`: the primary key; `lists`: the lists in its records, each with its fields; `is_event`: each record is an
    event of a log.
    """

    name: str
    fields: dict[str, Field]
    records: int = 0
    file: str = ""
    delivery: str = ""
    place: tuple[str, ...] = ()
    files: Files | None = None
    service: Service | None = None
    missing: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    lists: dict[str, list[str]] = field(default_factory=dict)
    is_event: bool = False

    @property
    def plain(self) -> str:
        """The name of the file without folders and .gz, its ending in small letters."""
        return small_ending(self.file.rpartition("/")[2]).removesuffix(".gz")


def of_files(path: Path) -> list[Material]:
    """A file of the vendor, an archive, or a folder with files: each place in it where records lie.

    Raises WrongUse for a kind of file that is not read, NotConfigured where nothing of it can be read.
    """
    delivery = _Delivery(path)
    with open_inbox(delivery.profile({}), delivery.connection, delivery.limits) as inbox:
        delivery.list(inbox)
        places = {name: delivery.places(inbox, name) for name in delivery.groups.values()}
        heads = {name: _written(inbox, name, delivery.files) for name in places}
    found = [each for name, among in places.items() for place in among for each in delivery.materials(name, place, heads[name])]
    if not found:
        raise NotConfigured(f"{path.name}: no record of it can be read. {' '.join(dict.fromkeys(delivery.told)) or NO_RECORD}")
    return found


class _Delivery:
    """Files that are looked at together. `groups`: by pattern of a name the first file of it."""

    def __init__(self, path: Path) -> None:
        plain = small_ending(path.name).removesuffix(".gz")
        if not (path.is_dir() or is_archive(plain) or plain.endswith((*ENDINGS, *TEXT_ENDINGS))):
            endings = ", ".join((*TEXT_ENDINGS, *ENDINGS))
            raise WrongUse(f"a profile is drafted from a folder, a .zip, or a file ending in {endings} (and .gz), not from {path.name}")
        self.path, self.limits = path, Limits.load()
        self.only = None if path.is_dir() else path.name
        self.connection = Connection("draft", str((path if path.is_dir() else path.parent).absolute()))
        self.files = Files(subfolders=path.is_dir(), archives=is_archive(plain))
        self.groups: dict[str, str] = {}
        self.told: list[str] = []

    def profile(self, entities: dict[str, Entity], files: Files | None = None) -> Profile:
        """A profile that reads entities of these files."""
        return Profile("draft", "", "", ZONE.key, None, 0, ("",), ("iso",), entities, files=files or self.files)

    def list(self, inbox: Inbox) -> None:
        """Find the groups of files with like names."""
        for name in inbox.names:
            is_of = self.only is None or name == self.only or name.startswith(f"{self.only}/")
            if is_of and small_ending(name).removesuffix(".gz").endswith((*ENDINGS, *TEXT_ENDINGS)):
                self.groups.setdefault(pattern_of(small_ending(name.rpartition("/")[2]).removesuffix(".gz")), name)
        if not self.groups:
            raise NotConfigured(f"{self.path.name}: it holds no file of a kind that is read ({', '.join((*TEXT_ENDINGS, *ENDINGS))}).")

    def places(self, inbox: Inbox, name: str) -> Iterable[str | None]:
        """Where in a file records may lie."""
        kind = kind_of(name)
        if kind not in ("json", "xml"):
            return [None]
        with inbox.open(name) as raw:
            content: Any = gzip.GzipFile(fileobj=raw) if small_ending(name).endswith(".gz") else raw
            return json_places(content) if kind == "json" else xml_places(content, self.limits)

    def materials(self, name: str, place: str | None, files: Files) -> Iterator[Material]:
        """The records at a place of a file, and the rows of each list in them."""
        sample = self._sample(name, place, files)
        self.told += sample.told
        records = [record for _, record in sample.records]
        if not records:
            return
        at = () if place is None else (f"records: {quoted(place)}",)
        shown = name if place is None else f"{name}, {place}"
        nested = None if is_table(name) else flattened(records)
        rows: list[Flat] = records if nested is None else nested.rows
        lists = {} if nested is None else {list_: _names(rows) for list_, rows in nested.lists.items()}
        whole = Material(
            shown,
            fields_of(rows, ZONE, sample.header),
            len(rows),
            name,
            self.path.name,
            at,
            files,
            missing=tuple(missing_words(rows)),
            lists=lists,
            is_event=kind_of(name) == "xes",
        )
        yield whole
        for list_, elements in () if nested is None else nested.lists.items():
            if len(records) == 1 and len(whole.fields) < len(lists[list_]):  # the record is an envelope, and the list has the records
                continue
            optional = ", optional: true" if nested is not None and list_ in nested.lacking else ""
            each = f"each: {{list: {quoted(list_)}{optional}}}"
            inner = fields_of(elements, ZONE, ())
            missing = tuple(missing_words(elements))
            yield replace(
                whole, name=f"{shown}, {list_}", fields=inner, records=len(elements), place=(*at, each), missing=missing, lists={}
            )

    def _sample(self, name: str, place: str | None, files: Files) -> Sample:
        last = name.rpartition("/")[2].removesuffix(".gz")
        exact = "".join(f"[{sign}]" if sign in "*?[" else "?" if sign == "{" else sign for sign in last)
        entity = Entity("draft", "draft", "draft", (), (), file_pattern=exact, records=place)
        return next(take_sample(self.profile({"draft": entity}, files), self.connection, ROWS, only_file=name))


def _names(rows: list[Flat]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row if not name.startswith("parent.")))


def pattern_of(name: str) -> str:
    """The pattern of files that are named like one: any digits in the place of its digits, or anything before its ending."""
    return re.sub(r"\d+", "*", name) if re.search(r"\d", name) else name.replace(Path(name).suffix, f"*{Path(name).suffix}")


def of_tables(connection: Connection, pattern: str) -> list[Material]:
    """Tables and views of a database, by its catalogue alone: no value is asked for. `pattern`: a name, or `schema.*`.

    Raises NotConfigured where there is none, and the errors of a session.
    """
    from cchc.sources.database import Session

    profile = Profile(connection.source, "", "", ZONE.key, None, 0, ("",), ("iso",), {}, database=Database())
    schema, _, name = pattern.rpartition(".")
    with Session(profile, connection, Limits.load()) as session:
        known = session.tables(schema) if "*" in name or "?" in name else []
        named = [f"{schema}.{each}".removeprefix(".") for each in known if fnmatchcase(each, name)] if known else [pattern]
        if not named:
            raise NotConfigured(f"{connection.source}: the database has no table or view {pattern!r}; it has {', '.join(known[:12])}.")
        return [_of_table(session, table) for table in named]


def _of_table(session: Any, table: str) -> Material:
    columns, key = session.catalogue(table)
    others = session.foreign_keys(table)
    fields = {name: Field(name, [], ZONE, _kind(kind), others.get(name)) for name, kind in columns.items()}
    return Material(table, fields, place=(f"table: {quoted(table)}",), key=tuple(key))


def _kind(sql_type: Any) -> str:
    """The kind of a column's type of SQLAlchemy."""
    try:
        found = sql_type.python_type
    except NotImplementedError:  # SQLAlchemy knows no type of Python for it; no column is guessed for it, and the draft names it
        return "other"
    kinds = {datetime: "time", date: "time", bool: "flag", int: "number", Decimal: "number", float: "number", str: "text"}
    return kinds.get(found, "other")


def _written(inbox: Inbox, name: str, files: Files) -> Files:
    """How a file is written, as far as its first bytes tell."""
    if kind_of(name) != "table":
        return files
    with inbox.open(name) as raw:
        content: Any = gzip.GzipFile(fileobj=raw) if small_ending(name).endswith(".gz") else raw
        head: bytes = content.read(FIRST_BYTES)
    encoding = next((each for each in ENCODINGS if _decodes(head, each)), ENCODINGS[0])
    first = head.decode(encoding, "replace").partition("\n")[0]
    try:
        delimiter = csv.Sniffer().sniff(first, ",;\t|").delimiter
    except csv.Error:
        delimiter = ","
    return replace(files, delimiter=delimiter if delimiter in "\t|" else None, encoding=encoding)


def _decodes(head: bytes, encoding: str) -> bool:
    if encoding == "utf-16" and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False
    try:
        head[: head.rfind(b"\n") + 1 or None].decode(encoding)
    except UnicodeDecodeError:
        return encoding == "utf-16"  # it may be cut within a letter
    return True
