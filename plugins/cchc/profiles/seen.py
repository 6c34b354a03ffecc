"""What a profile makes of a sample: what each column became, what cannot be read, which fields nobody uses, what looks personal.

Values are typed by the code that stages a load. A value of a field that no column uses, or that looks personal, is never shown, only its
shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import orjson
import pyarrow as pa

from cchc.profiles.entity_faults import UNIT_COLUMNS, Known
from cchc.profiles.personal import LONGEST, is_personal, kind_by_name, kind_by_values, shape_of
from cchc.profiles.sample import Sample
from cchc.sources.absent import ENDS
from cchc.sources.codes import CODES
from cchc.sources.profile import Column, Profile
from cchc.sources.records import missing_test
from cchc.staging.columns import Origin, RecordTyper

EXAMPLES = 3
TEXTS = ("text", "jsonb")


@dataclass(frozen=True)
class Became:
    """What a column became: from which field, in how many records it has a value, how many values differ, and some of them."""

    column: str
    field: str
    filled: int
    distinct: int
    examples: str


@dataclass(frozen=True)
class Bad:
    """Values of a column that are wrong: how many of how many values, and some of them as they were delivered."""

    column: Column
    count: int
    values: int
    examples: str


class Seen:
    """A sample through the eyes of its profile. `known`: the models and units that the profile is compared with."""

    def __init__(self, profile: Profile, sample: Sample, known: Known) -> None:
        self.profile, self.sample, self.entity, self.known = profile, sample, sample.entity, known
        self.layout = known.layouts[self.entity.model]
        self.is_missing = missing_test(profile.missing)
        self.pieces = [(piece, sample.lines(profile, piece)) for piece in sample.pieces]
        self.lines = [line for _, lines in self.pieces for line in lines]
        self.met = set(sample.fields)

    @cached_property
    def table(self) -> pa.Table:
        """The rows as they would be staged."""
        absent = frozenset(self.entity.wire_fields) - self.met if self.sample.header else frozenset()
        typer, tables, first = RecordTyper(self.profile, self.entity, self.layout), [], 1
        for piece, lines in self.pieces:
            origin = Origin(0, piece.file or "sample", self.sample.window.end, piece.file_date, piece.revision, absent)
            tables.append(typer.table(lines, origin, first))
            first += len(lines)
        return pa.concat_tables(tables)

    @cached_property
    def personal(self) -> dict[str, str]:
        """The delivered fields that look like personal data, each with its kind."""
        found = {name: kind_by_name(name) or self._by_values(name) for name in self.sample.fields}
        return {name: kind for name, kind in found.items() if kind is not None}

    def _by_values(self, name: str) -> str | None:
        # a number or a day of the model is no telephone number, whatever it looks like
        uses = [column for column in self.entity.columns if column.source == name]
        if any(self.layout[column.name] not in TEXTS for column in uses):
            return None
        return kind_by_values(record.get(name) for _, record in self.sample.records)

    def became(self) -> list[Became]:
        """One entry a column of the profile, in its order."""
        return [self._became(column) for column in self.entity.columns]

    def _became(self, column: Column) -> Became:
        values = [value for value in self.table.column(column.name).to_pylist() if value is not None]
        source = column.source or ("(its file's name)" if column.file else "(the profile)")
        return Became(column.name, source, len(values), len(set(values)), self._examples(column, values))

    def missing(self) -> list[str]:
        """The fields that the profile uses and the delivery does not have, but for those that may be absent."""
        used = [*self.entity.wire_fields, *([self.entity.secret.field] if self.entity.secret else [])]
        return [name for name in used if name not in self.met and name not in self.entity.optional_fields]

    def unused(self) -> list[str]:
        """The delivered fields that no column uses."""
        return [name for name in self.sample.fields if name not in self.entity.fields]

    def unused_shapes(self) -> dict[str, str]:
        """The same fields, each with the most frequent shapes of its values; empty where no value was asked for."""
        return {name: _counted(shape_of(value) for value in self._values(name)) for name in self.unused()}

    def unreadable(self) -> Iterator[Bad]:
        """The columns with values that cannot be read."""
        found: dict[str, list[str]] = {}
        for cell in self.table.column("_unreadable").to_pylist():
            for name, raw in (orjson.loads(cell) if cell else {}).items():
                found.setdefault(name.partition("[")[0], []).append(raw)
        for column in self.entity.columns:
            if raws := found.get(column.name):
                yield Bad(column, len(raws), self._filled(column), self._examples(column, raws))

    def unknown_codes(self) -> Iterator[Bad]:
        """The columns with values that became no code of the model, or no unit."""
        for column in self.entity.columns:
            known = self.known.units if column.name in UNIT_COLUMNS else CODES.get(self.entity.model, {}).get(column.name)
            if column.source is None or not known or column.present:
                continue
            lost = [raw for raw, value in self._pairs(column) if (str(value) if value is not None else None) not in known]
            if lost:
                yield Bad(column, len(lost), self._filled(column), self._examples(column, lost))

    def _pairs(self, column: Column) -> Iterator[tuple[Any, Any]]:
        """The delivered value of a column that is not missing, and what it became, for each record that would land."""
        for (_, record, _), value in zip(self.lines, self.table.column(column.name).to_pylist(), strict=True):
            raw = (record or {}).get(column.source or "")
            if raw is not None and not self.is_missing(raw):
                yield raw, value

    def _filled(self, column: Column) -> int:
        return sum(1 for _ in self._pairs(column))

    def _values(self, name: str) -> Iterator[Any]:
        yield from (value for _, record in self.sample.records if (value := record.get(name)) is not None and not self.is_missing(value))

    def _examples(self, column: Column, values: Iterable[Any]) -> str:
        """The most frequent of some values; only their shapes where the field looks personal, and nothing of a hash."""
        if column.personal is not None:
            return "(hashed)"
        hidden = column.source in self.personal
        return _counted(_shown(self._local(value), hidden=hidden) for value in values)

    def _local(self, value: Any) -> Any:
        """A moment, which is typed as UTC without a zone, in the zone of the source."""
        return value.replace(tzinfo=UTC).astimezone(self.profile.zone_info) if isinstance(value, datetime) else value

    def nearest(self, name: str) -> str:
        """The unused field with the nearest name, as a question; of nested fields only one beside it."""
        place, _, last = name.rpartition(".")
        beside = {other.rpartition(".")[2]: other for other in self.unused() if other.rpartition(".")[0] == place}
        found = get_close_matches(last, list(beside), n=1, cutoff=0.6)
        return f"; did you mean {beside[found[0]]!r}?" if found else ""

    def is_needed(self, name: str) -> bool:
        """Whether a delivery without a field is wrong: a table must have all of them. In JSON an empty field may be left out."""
        ends = {column.source for column in self.entity.columns if column.name in ENDS}
        return bool(self.sample.header) or name in self.entity.critical_fields - ends


def _shown(value: Any, *, hidden: bool) -> str:
    text = value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else str(value)
    if hidden or is_personal(text):
        return shape_of(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} ({count})" for word, count in Counter(words).most_common(EXAMPLES))
