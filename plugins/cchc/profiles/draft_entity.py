"""Propose one entity of a profile: its key, its clock, its deletions, and the field of each column."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cchc.profiles.entity_faults import NEEDS_VALUE, UNIT_COLUMNS, Known
from cchc.profiles.file_faults import TODO
from cchc.profiles.guesses import TIMES, Field, Guess
from cchc.profiles.hints import letters
from cchc.profiles.material import Material, pattern_of
from cchc.profiles.other_names import OtherNames
from cchc.profiles.yaml_words import comment, flow, quoted
from cchc.sources.codes import CODES
from cchc.sources.needs import DATED, IDENTITY, needed_columns, own_code

MOST_CODES = 40
CRITICAL = ("received_at", "due_at", "processed_at", "returned_at")  # the times by which a dossier is judged: rule K3
SECRET_MODELS = ("document", "work_file")
ENTITY_NAMES = {"dossier": "dossiers", "dossier_step": "dossier_steps", "work_file": "work_files", "survey_answer": "answers"}
DELETED = ("deleted", "isdeleted", "deletedflag", "removed", "daxoa", "isxoa", "xoa", "ngayxoa", "deletedat", "deletedon", "dahuy")


class EntityDraft:
    """One entity that is drafted.

    `guess`: which field may fill which column; `layout`: the columns of the model with their SQL types; `names`: other names of the fields.
    """

    def __init__(self, material: Material, model: str, guess: Guess, layout: dict[str, str], known: Known, names: OtherNames) -> None:
        self.material, self.model, self.guess, self.layout, self.known, self.names = material, model, guess, layout, known, names
        self.is_of_files = material.files is not None

    def lines(self) -> list[str]:
        """Its lines."""
        columns = [line for column in self.layout for line in self._column(column)]
        empty = [f"      {next(iter(self.layout))}: {TODO}  # nothing could be guessed: name the fields for the columns of the model"]
        return [*self._head(), "    columns:", *(columns or empty), *self._others()]

    def _head(self) -> Iterator[str]:
        keys, material = self._key(), self.material
        yield f"  {ENTITY_NAMES.get(self.model, self.model)}:"
        yield f"    model: {self.model}"
        if self.is_of_files:
            yield f"    file_pattern: {quoted(pattern_of(material.plain))}  # guess"
        if encodings := material.headers.encodings:
            yield f"    layout: {{encodings: {flow(encodings)}}}  # guess: the files are not all in one encoding"
        for line in material.place:
            if not (encodings and line.startswith("layout:")):
                yield f"    {line}{'' if line.startswith(('table:', 'layout:')) else '  # guess'}"
        if keys:
            yield f"    key: {flow(keys)}  # {'the primary key of the table' if keys == list(material.key) else 'guess'}"
            if material.key and keys != list(material.key):
                other = comment(", ".join(material.key))
                yield f"    # the primary key of the table is {other}: take it for key and code if codes are missing or used twice"
        else:
            yield f"    key: [{TODO}]  # the fields that together identify a record"
        if material.is_event or self._repeats(keys):
            why = (
                "a record has one row an event"
                if material.is_event
                else "values of the key come several times, so a record may have one row an event"
            )
            yield f"    rows: event  # guess: {why}"
        if any(name in DATED for name in needed_columns(self.model)):
            yield "    changed_at: {file: date}"
        elif self.guess.changed is not None:
            yield f"    changed_at: {quoted(self.guess.changed.name)}  # guess: when a record changed last"
            yield from (f"    # {words}" for words in self.names.remarks(self.guess.changed))
        yield from self._deletions()
        yield from self._secrecy()

    def _repeats(self, keys: list[str]) -> bool:
        if len(keys) != 1 or keys[0] not in self.guess.fields:
            return False
        field = self.guess.fields[keys[0]]
        return len(field.distinct) < len(field.values)

    def _key(self) -> list[str]:
        if self.material.key and own_code(self.model) not in self.guess.columns:
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

    def _deletions(self) -> Iterator[str]:
        """How deletions may be learnt from a database."""
        if self.is_of_files or self.material.service is not None:
            return
        if self.model == "dossier" and "deleted_at" not in self.guess.columns:
            yield "    deletions: {kind: keys}  # guess: rows that are gone are learnt from the keys that are left"
        for each in self.guess.fields.values():
            if letters(each.name) in DELETED and "time" != each.kind:
                words = "rows may be marked as deleted there; make it a time in an SQL file for deleted_at (docs/guides/database_source.md)"
                yield f"    # {comment(each.name)}: {words}"

    def _secrecy(self) -> Iterator[str]:
        if self.model in SECRET_MODELS:
            unit = next((name for name in self.layout if name in UNIT_COLUMNS), "unit_code")
            fields = [self.guess.columns[name][0].name if name in self.guess.columns else TODO for name in ("secrecy_code", unit)]
            said = f"{{field: {quoted(fields[0])}, open: [{TODO}], unit: {quoted(fields[1])}}}"
            yield f"    secret: {said}  # the words of records that are not secret"

    def _column(self, column: str) -> Iterator[str]:
        if column in DATED:
            yield f"      {column}: {{file: {column.removeprefix('file_')}}}"
        elif column in self.guess.columns:
            each, score = self.guess.columns[column]
            why = "guess" if score == 1 else "guess: the names are near"
            if not self.is_of_files and (column in UNIT_COLUMNS or column in CODES.get(self.model, {})):
                why += "; map its values under 'codes' where they are not those of the model"
            yield f"      {column}: {self._from(column, each)}  # {why}{', its other names too' if each.name in self.names.names else ''}"
            yield from (f"      # {column}: {words}" for words in self.names.remarks(each))
        elif column == "received_at" and self._event_time is not None:
            said = f"{{from: {quoted(self._event_time)}, pick: first, critical: true}}"
            yield f"      {column}: {said}  # guess: the first event; docs/guides/values.md says how to take the end"
        elif column == "status_code" and self.model == "dossier" and "processed_at" in self.guess.columns:
            end = self.guess.columns["processed_at"][0].name
            yield f'      {column}: {{from: {quoted(end)}, present: ["9", "4"]}}  # guess: processed where there is an end, else in work'
        elif column in needed_columns(self.model):
            yield f"      {column}: {TODO}  # the field that has it; the model needs it"
        elif column in self._asked():
            yield f"      {column}: {{const: {TODO}}}  # a rule asks for it: a field (from: …), or one value for all"

    @property
    def _event_time(self) -> str | None:
        """The field with the time of an event, in an event log."""
        used = {each.name for each, _ in self.guess.columns.values()}
        clocks = (name for name, each in self.guess.fields.items() if each.time_format is not None and name not in used)
        return next(clocks, None) if self.material.is_event else None

    def _asked(self) -> set[str]:
        """The columns without which a rule of the suite keeps every record aside."""
        rules = json.loads((self.known.suites / f"{self.model}.json").read_text(encoding="utf-8"))["expectations"]
        asked = [rule for rule in rules if rule["type"] in NEEDS_VALUE and rule["meta"]["action"] != "warn"]
        return {rule["kwargs"]["column"] for rule in asked if not rule["kwargs"].get("missing_allowed")}

    def _from(self, column: str, each: Field) -> str:
        """What a column says of its field: the name alone, or with formats, codes and marks."""
        source, more = self.names.source(each)
        distinct = sum((other.distinct for other in self.names.values.get(each.name, [])), each.distinct)
        known = self.known.units if column in UNIT_COLUMNS else CODES.get(self.model, {}).get(column)
        if each.personal is not None or column == "applicant_key":
            more.append("personal: hmac")
        elif known and distinct and not set(distinct) <= set(known):
            listed = [f"{quoted(value)}: {quoted(value if value in known else TODO)}" for value, _ in distinct.most_common(MOST_CODES)]
            more.append(f"codes: {{{', '.join(listed)}}}")
        elif self.layout[column] not in (*TIMES, "text"):
            more += [
                f"{key}: {quoted(mark)}" for key, mark in (("thousands", each.thousands), ("decimal", each.decimal)) if mark is not None
            ]
        if self.model == "dossier" and column in CRITICAL:
            more.append("critical: true")
        return f"{{{', '.join([f'from: {source}', *more])}}}" if more or source != quoted(each.name) else source

    def _others(self) -> Iterator[str]:
        used = {each.name for each, _ in self.guess.columns.values()} | ({self.guess.changed.name} if self.guess.changed else set())
        rest = [each for each in self.guess.fields.values() if each.name not in used and not each.name.startswith("parent.")]
        for each in rest:
            if each.personal is not None:
                yield f"      # left out: {comment(each.name)} looks like personal data ({each.personal})"
        plain = [f"{comment(each.name)}{each.look}" for each in rest if each.personal is None]
        if plain:
            yield f"      # fields that no column uses: {', '.join(plain)}"
        for name, inner in self.material.lists.items():
            yield f"      # the list {comment(name)} ({', '.join(comment(each) for each in inner)}) may be an entity of its own (each)"
