"""Propose a profile from a file of a source, or from a table of its database.

Every guess is marked, and `TODO` stands where a person must fill in.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from cchc.errors import NotConfigured, WrongUse
from cchc.models import IDS
from cchc.near import or_known
from cchc.period import ZONE
from cchc.profiles.entity_faults import NEEDS_VALUE, OWN_PREFIX, UNIT_COLUMNS, Known
from cchc.profiles.file_faults import TODO
from cchc.profiles.guesses import TIMES, Field, Guess, fields_of, guess, missing_words
from cchc.profiles.hints import vendor_words
from cchc.profiles.sample import Sample, take_sample
from cchc.sources.codes import CODES
from cchc.sources.connection import Connection
from cchc.sources.kinds import small_ending
from cchc.sources.limits import Limits
from cchc.sources.needs import DATED, IDENTITY, needed_columns
from cchc.sources.profile import Database, Entity, Files, Profile

NO_RECORD = (
    "Below its first row is none with as many cells. Where titles stand above the header, draft from a copy without them, and add "
    "`layout` for the real file (docs/guides/table_files.md)."
)
ROWS = 2000
ENDINGS = (".csv", ".xlsx", ".ndjson")
ENCODINGS = ("utf-8-sig", "utf-16", "cp1258")
MOST_CODES = 40
CRITICAL = ("received_at", "due_at", "processed_at", "returned_at")  # the times by which a dossier is judged: rule K3
FIRST_BYTES = 65536
PLAIN = re.compile(r"[^\W\d][\w.]*")
DAY = re.compile(r"20\d{6}")
SECRET_MODELS = ("document", "work_file")
ENTITY_NAMES = {"dossier": "dossiers", "dossier_step": "dossier_steps", "work_file": "work_files", "survey_answer": "answers"}


@dataclass(frozen=True)
class Material:
    """What a profile is drafted from: a file with its records, or a table of a database of which no value is known.

    `name`: that of the file or of the table; `files`: how the file is written, None for a table; `missing`: texts that mean that a value is
    missing; `key`: the primary key of the table.
    """

    name: str
    fields: dict[str, Field]
    records: int = 0
    files: Files | None = None
    missing: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The name of the file without .gz, its ending in small letters."""
        return small_ending(self.name).removesuffix(".gz")


def of_file(path: Path) -> Material:
    """A file of the vendor. Raises WrongUse for a kind of file that is not read, NotConfigured where nothing of it can be read."""
    files = _files(path)
    sample = _sample(path, files)
    return Material(path.name, fields_of(sample, ZONE), len(sample.records), files, tuple(missing_words(sample)))


def of_table(connection: Connection, table: str) -> Material:
    """A table or view of a database, by its catalogue alone: no value is asked for. Raises the errors of a session."""
    from cchc.sources.database import Session

    profile = Profile(connection.source, "", "", ZONE.key, None, 0, ("",), ("iso",), {}, database=Database())
    with Session(profile, connection, Limits.load()) as session:
        columns, key = session.catalogue(table)
    return Material(table, {name: Field(name, [], ZONE, _kind(kind)) for name, kind in columns.items()}, key=tuple(key))


def _kind(sql_type: Any) -> str:
    """The kind of a column's type of SQLAlchemy."""
    try:
        found = sql_type.python_type
    except NotImplementedError:  # SQLAlchemy knows no type of Python for it; no column is guessed for it, and the draft names it
        return "other"
    kinds = {datetime: "time", date: "time", bool: "flag", int: "number", Decimal: "number", float: "number", str: "text"}
    return kinds.get(found, "other")


class Draft:
    """A profile that is drafted. `known`: models and units; `sources_dir`: the profiles whose names of fields are hints."""

    def __init__(self, material: Material, model: str, source: str, known: Known, sources_dir: Path) -> None:
        if model not in known.layouts or model == "declared_figure":
            raise WrongUse(f"there is no model {model!r} to draft a profile for{or_known(model, set(known.layouts) - {'declared_figure'})}")
        self.material, self.model, self.source, self.known = material, model, source, known
        if material.files is None and self._is_dated():
            raise WrongUse(f"the model {model} is filled from dated files alone, not from a database")
        self.layout = {name: kind for name, kind in known.layouts[model].items() if not name.startswith(OWN_PREFIX) and name not in IDS}
        self.guess: Guess = guess(material.fields, model, self.layout, vendor_words(sources_dir, model))

    def text(self) -> str:
        """The YAML of the profile."""
        return "\n".join([*self._top(), *self._entity()]) + "\n"

    def _top(self) -> Iterator[str]:
        material = self.material
        formats = [each.time_format for each in self._clocks() if each.time_format]
        with_days = [each for each in self._clocks() if (each.time_format or "").startswith("dd/MM")]
        is_doubtful = bool(with_days) and all(each.may_be_month_first for each in with_days)
        doubt = "; the month may also stand before the day" if is_doubtful else ""
        delivery = f" --delivery {material.name}" if material.files is not None else ""
        yield f"# Drafted from {f'{material.records} records of ' if material.files is not None else 'the table '}{material.name}."
        yield f"# Look at each line marked 'guess', fill in each {TODO}, then:"
        yield f"# cchc profile check {self.source}.yaml{delivery}"
        yield f"source: {self.source}"
        yield f"name_vi: {TODO}  # its name for people"
        yield f"owner: {TODO}  # the office that answers for it"
        yield f"zone: {ZONE.key}  # guess: the zone of times without an offset"
        if material.files is None:
            yield "database: {}"
            return
        yield f"missing: {_flow(['', *material.missing])}  # guess: what means that a value is missing"
        yield f"time_formats: {_flow(list(dict.fromkeys(formats)) or ['iso'])}  # guess{doubt}"
        yield from self._of_files(material.files)

    def _of_files(self, files: Files) -> Iterator[str]:
        yield "files:"
        if self._is_dated():
            yield f"  name: {_quoted(self._name_pattern())}  # guess: how the day, and the revision, stand in a file's name"
        if self.model == "payment":
            yield f"  manifest: {{amount_field: {TODO}}}  # the manifest beside each file"
        said = {"delimiter": files.delimiter, "encoding": files.encoding if files.encoding != ENCODINGS[0] else None}
        given = ", ".join(f"{key}: {_quoted(value)}" for key, value in said.items() if value is not None)
        yield f"  formats: {{{given}}}  # guess" if given else "  full: true"

    def _clocks(self) -> list[Field]:
        used = [each for column, (each, _) in self.guess.columns.items() if self.layout[column] in TIMES]
        return [*used, *([self.guess.changed] if self.guess.changed else [])]

    def _is_dated(self) -> bool:
        return any(name in DATED for name in needed_columns(self.model))

    def _name_pattern(self) -> str:
        plain = self.material.plain
        day = DAY.search(plain)
        if day is None:
            return TODO
        before, after = re.escape(plain[: day.start()]), re.escape(plain[day.end() :])
        ending = rf"(?:_r(?P<revision>[1-9]\d*))?{after}" if after == re.escape(Path(plain).suffix) else after
        return rf"{before}(?P<date>\d{{8}}){ending}"

    def _entity(self) -> Iterator[str]:
        keys = self._key()
        repeats = len(keys) == 1 and len(self.guess.fields[keys[0]].distinct) < len(self.guess.fields[keys[0]].values)
        plain = self.material.plain
        pattern = re.sub(r"\d+", "*", plain) if re.search(r"\d", plain) else plain.replace(Path(plain).suffix, f"*{Path(plain).suffix}")
        yield "entities:"
        yield f"  {ENTITY_NAMES.get(self.model, self.model)}:"
        yield f"    model: {self.model}"
        yield (
            f"    file_pattern: {_quoted(pattern)}  # guess"
            if self.material.files is not None
            else f"    table: {_quoted(self.material.name)}"
        )
        if keys:
            yield f"    key: {_flow(keys)}  # {'the primary key of the table' if self.material.key else 'guess'}"
        else:
            yield f"    key: [{TODO}]  # the fields that together identify a record"
        if repeats:
            yield "    rows: event  # guess: values of the key come several times, so a record may have one row an event"
        if self._is_dated():
            yield "    changed_at: {file: date}"
        elif self.guess.changed is not None:
            yield f"    changed_at: {_quoted(self.guess.changed.name)}  # guess: when a record changed last"
        yield from self._secrecy()
        yield "    columns:"
        columns = [line for column in self.layout for line in self._column(column)]
        yield from columns or [
            f"      {next(iter(self.layout))}: {TODO}  # nothing could be guessed: name the fields for the columns of the model"
        ]
        yield from self._others()

    def _key(self) -> list[str]:
        if self.material.key:
            return list(self.material.key)
        named = [column for column in IDENTITY.get(self.model, ()) if column not in UNIT_COLUMNS]
        if named:
            return [self.guess.columns[named[0]][0].name] if named[0] in self.guess.columns else []
        rows = self.material.records
        unique = [
            each.name
            for each in self.guess.fields.values()
            if not each.personal and not each.time_format and len(each.distinct) == rows > 1
        ]
        return unique[:1]

    def _secrecy(self) -> Iterator[str]:
        if self.model in SECRET_MODELS:
            fields = [self.guess.columns[name][0].name if name in self.guess.columns else TODO for name in ("secrecy_code", self._unit())]
            said = f"{{field: {_quoted(fields[0])}, open: [{TODO}], unit: {_quoted(fields[1])}}}"
            yield f"    secret: {said}  # the words of records that are not secret"

    def _unit(self) -> str:
        return next((name for name in self.layout if name in UNIT_COLUMNS), "unit_code")

    def _column(self, column: str) -> Iterator[str]:
        if column in DATED:
            yield f"      {column}: {{file: {column.removeprefix('file_')}}}"
        elif column in self.guess.columns:
            each, score = self.guess.columns[column]
            why = "guess" if score == 1 else "guess: the names are near"
            if self.material.files is None and (column in UNIT_COLUMNS or column in CODES.get(self.model, {})):
                why += "; map its values under 'codes' where they are not those of the model"
            yield f"      {column}: {self._from(column, each)}  # {why}"
        elif column == "status_code" and self.model == "dossier" and "processed_at" in self.guess.columns:
            end = self.guess.columns["processed_at"][0].name
            yield f'      {column}: {{from: {_quoted(end)}, present: ["9", "4"]}}  # guess: processed where there is an end, else in work'
        elif column in needed_columns(self.model):
            yield f"      {column}: {TODO}  # the field that has it; the model needs it"
        elif column in self._asked():
            yield f"      {column}: {{const: {TODO}}}  # a rule asks for it: a field (from: …), or one value for all"

    def _asked(self) -> set[str]:
        """The columns without which a rule of the suite keeps every record aside."""
        rules = json.loads((self.known.suites / f"{self.model}.json").read_text(encoding="utf-8"))["expectations"]
        asked = [rule for rule in rules if rule["type"] in NEEDS_VALUE and rule["meta"]["action"] != "warn"]
        return {rule["kwargs"]["column"] for rule in asked if not rule["kwargs"].get("missing_allowed")}

    def _from(self, column: str, each: Field) -> str:
        """What a column says of its field: the name alone, or with formats, codes and marks."""
        more = []
        known = self.known.units if column in UNIT_COLUMNS else CODES.get(self.model, {}).get(column)
        if each.personal is not None or column == "applicant_key":
            more.append("personal: hmac")
        elif known and each.values and not set(each.distinct) <= set(known):
            listed = [
                f"{_quoted(value)}: {_quoted(value if value in known else TODO)}" for value, _ in each.distinct.most_common(MOST_CODES)
            ]
            more.append(f"codes: {{{', '.join(listed)}}}")
        elif each.thousands is not None and self.layout[column] not in (*TIMES, "text"):
            more.append(f"thousands: {_quoted(each.thousands)}")
        if self.model == "dossier" and column in CRITICAL:
            more.append("critical: true")
        return f"{{from: {_quoted(each.name)}, {', '.join(more)}}}" if more else _quoted(each.name)

    def _others(self) -> Iterator[str]:
        used = {each.name for each, _ in self.guess.columns.values()} | ({self.guess.changed.name} if self.guess.changed else set())
        for each in self.guess.fields.values():
            if each.name not in used and each.personal is not None:
                yield f"      # left out: {_comment(each.name)} looks like personal data ({each.personal})"
        rest = [_comment(each.name) for each in self.guess.fields.values() if each.name not in used and each.personal is None]
        if rest:
            yield f"      # fields that no column uses: {', '.join(rest)}"


def _sample(path: Path, files: Files) -> Sample:
    """A sample of the file alone, by a profile that takes every field. Raises NotConfigured where nothing of it can be read."""
    pattern = path.name.removesuffix(".gz")
    entity = Entity("draft", "draft", "draft", (), (), file_pattern="".join(f"[{sign}]" if sign in "*?[" else sign for sign in pattern))
    profile = Profile("draft", "", "", ZONE.key, None, 0, ("",), ("iso",), {"draft": entity}, files=files)
    sample = next(take_sample(profile, Connection("draft", str(path.parent.absolute())), ROWS, only_file=path.name))
    if not sample.records:
        raise NotConfigured(f"{path.name}: no record of it can be read. {' '.join(sample.told) or NO_RECORD}")
    return sample


def _files(path: Path) -> Files:
    """How the file is written, as far as its first bytes tell. Raises WrongUse for a kind of file that is not read."""
    plain = small_ending(path.name).removesuffix(".gz")
    if not plain.endswith(ENDINGS):
        raise WrongUse(f"a profile is drafted from a file ending in {', '.join(ENDINGS)} (and .gz), not from {path.name}")
    if not plain.endswith(".csv"):
        return Files()
    with gzip.open(path) if small_ending(path.name).endswith(".gz") else path.open("rb") as file:
        head = file.read(FIRST_BYTES)
    encoding = next((name for name in ENCODINGS if _decodes(head, name)), ENCODINGS[0])
    first = head.decode(encoding, "replace").partition("\n")[0]
    try:
        delimiter = csv.Sniffer().sniff(first, ",;\t|").delimiter
    except csv.Error:
        delimiter = ","
    return Files(delimiter=delimiter if delimiter in "\t|" else None, encoding=encoding)


def _decodes(head: bytes, encoding: str) -> bool:
    if encoding == "utf-16" and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False
    try:
        head[: head.rfind(b"\n") + 1 or None].decode(encoding)
    except UnicodeDecodeError:
        return encoding == "utf-16"  # it may be cut within a letter
    return True


def _quoted(text: str) -> str:
    """A text as YAML reads it back."""
    is_plain = PLAIN.fullmatch(text) and yaml.safe_load(text) == text
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _flow(texts: list[str]) -> str:
    return f"[{', '.join(_quoted(text) for text in texts)}]"


def _comment(name: str) -> str:
    return " ".join(name.split())
