"""What a profile may be drafted from: each place of a file, an archive or a folder where records lie, and each table of a database."""

from __future__ import annotations

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
from cchc.profiles.dated_names import date_in
from cchc.profiles.guesses import Field, fields_of, missing_words
from cchc.profiles.headers import Headers, below_titles, how_written, read_headers
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
ROWS_OF_ANOTHER = 200  # of a file with another header
TEXT_ENDINGS = (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class Material:
    """Records that lie at one place: what is known of their fields, and how a profile says where they are.

    `name`: what people know the place by; `file`: a file that has them; `delivery`: what was given to draft from; `fields`, `records`:
    what was met, and how many records; `place`: the lines of the entity that say where they are; `files`: how the file is written;
    `service`: how they are asked for over HTTP; with neither of both it is a table of a database. `missing`: texts that mean that a
    value is missing; `key`: the primary key; `lists`: the lists in its records, each with its fields; `is_event`: each record is an
    event of a log; `headers`: of a table those of all files with like names.
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
    headers: Headers = field(default_factory=Headers, repr=False)

    @property
    def plain(self) -> str:
        """The name of the file without folders and .gz, its ending in small letters."""
        return _plain(self.file)


def of_files(path: Path) -> list[Material]:
    """A file of the vendor, an archive, or a folder with files: each place in it where records lie.

    Raises WrongUse for a kind of file that is not read, NotConfigured where nothing of it can be read.
    """
    delivery = _Delivery(path)
    with open_inbox(delivery.profile({}), delivery.connection, delivery.limits) as inbox:
        delivery.group(inbox)
        places = {names[0]: delivery.places(inbox, names[0]) for names in delivery.groups.values()}
        ways = {name: how_written(inbox, name, delivery.files) for name in places}
        headers = {names[0]: delivery.headers(inbox, names) for names in delivery.groups.values()}
    found = [
        replace(each, headers=headers[name])
        for name, among in places.items()
        for place in among
        for each in delivery.materials(name, place, ways[name])
    ]
    if not found:
        raise NotConfigured(f"{path.name}: no record of it can be read. {' '.join(dict.fromkeys(delivery.told)) or NO_RECORD}")
    return found


class _Delivery:
    """Files that are looked at together. `groups`: by pattern of a name the files of it, the newest by their names first."""

    def __init__(self, path: Path) -> None:
        plain = small_ending(path.name).removesuffix(".gz")
        if not (path.is_dir() or is_archive(plain) or plain.endswith((*ENDINGS, *TEXT_ENDINGS))):
            endings = ", ".join((*TEXT_ENDINGS, *ENDINGS))
            raise WrongUse(f"a profile is drafted from a folder, a .zip, or a file ending in {endings} (and .gz), not from {path.name}")
        self.path, self.limits = path, Limits.load()
        self.only = None if path.is_dir() else path.name
        self.connection = Connection("draft", str((path if path.is_dir() else path.parent).absolute()))
        self.files = Files(subfolders=path.is_dir(), archives=is_archive(plain))
        self.groups: dict[str, list[str]] = {}
        self.told: list[str] = []

    def profile(self, entities: dict[str, Entity], files: Files | None = None) -> Profile:
        """A profile that reads entities of these files."""
        return Profile("draft", "", "", ZONE.key, None, 0, ("",), ("iso",), entities, files=files or self.files)

    def group(self, inbox: Inbox) -> None:
        """Find the groups of files with like names."""
        for name in inbox.names:
            is_of = self.only is None or name == self.only or name.startswith(f"{self.only}/")
            if is_of and small_ending(name).removesuffix(".gz").endswith((*ENDINGS, *TEXT_ENDINGS)):
                self.groups.setdefault(pattern_of(_plain(name)), []).append(name)
        for names in self.groups.values():
            names.sort(key=_age, reverse=True)
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

    def headers(self, inbox: Inbox, names: list[str]) -> Headers:
        """The headers of tables with like names; of other kinds of files there are none."""
        if len(names) < 2 or not is_table(names[0]):
            return Headers()

        def sampled(name: str, files: Files) -> dict[str, Field]:
            sample = self._sample(name, None, files, ROWS_OF_ANOTHER)
            return fields_of([record for _, record in sample.records], ZONE, sample.header)

        return read_headers(inbox, names, lambda files: self.profile({}, files), self.files, sampled)

    def materials(self, name: str, place: str | None, files: Files) -> Iterator[Material]:
        """The records at a place of a file, and the rows of each list in them."""
        sample = self._sample(name, place, files)
        self.told += sample.told
        records = [record for _, record in sample.records]
        if not records:
            return
        at = () if place is None else (f"records: {quoted(place)}",)
        if sample.entity.layout is not None:
            at = ("layout: {}  # guess: titles stand above the header, which is found by its names",)
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

    def _sample(self, name: str, place: str | None, files: Files, rows: int = ROWS) -> Sample:
        last = name.rpartition("/")[2].removesuffix(".gz")
        exact = "".join(f"[{sign}]" if sign in "*?[" else "?" if sign == "{" else sign for sign in last)
        entity = Entity("draft", "draft", "draft", (), (), file_pattern=exact, records=place)

        def taken(entity: Entity) -> Sample:
            return next(take_sample(self.profile({"draft": entity}, files), self.connection, rows, only_file=name))

        return below_titles(taken, lambda sample: sample.header, entity, name)


def _plain(name: str) -> str:
    """The name of a file without folders and .gz, its ending in small letters."""
    return small_ending(name.rpartition("/")[2]).removesuffix(".gz")


def _age(name: str) -> tuple[str, str]:
    """What puts files with like names in the order of the day, month or year in them, then of their names."""
    return re.sub(r"\D", "", date_in(_plain(name)) or ""), name


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
