"""Convert one block of landed lines into one typed Arrow table, as the profile says.

Whole columns are converted at once. A value that cannot be read becomes null and is listed; it is never dropped and never guessed. The only
loops over rows are necessary because of JSON: they take a field out of each record, and write normalised lists back as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import accumulate, islice
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cchc.errors import NotConfigured
from cchc.models import IDS
from cchc.sources.limits import KEY_BYTES, TEXT_CHARACTERS
from cchc.sources.needs import code_beside_key, own_code
from cchc.sources.profile import Column, Entity, Profile
from cchc.sources.words import coder, extractor, folded
from cchc.staging import parse
from cchc.staging.counted_columns import counted_columns
from cchc.staging.drifting import kinds_of, known_codes, offsets_of, see_codes
from cchc.staging.key_ids import key_ids, numbers_of
from cchc.staging.shared_codes import Shared, SharedCodes

RAW_LENGTH = 100
TAKEN_AT_ONCE = 200  # records of which the fields are taken together; with all 5,000 of a block it took three times as long
CHANGED_AT = "_changed_at"
ITEM_TYPES = {"text": "text", "flag": "boolean", "integer": "bigint", "time": "timestamp with time zone"}
PIPELINE = (
    "_row",
    "_load_id",
    "_file",
    "_line",
    "_key",
    "_delivered_key",
    "_changed_at",
    "_first_seen_at",
    "_content_hash",
    "_unreadable",
    "_unreadable_critical",
    "_shape_error",
)
ARROW_TYPES = {
    "text": pa.string(),
    "jsonb": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us"),
    "smallint": pa.int64(),
    "integer": pa.int64(),
    "bigint": pa.int64(),
}

Mask = NDArray[np.bool_]
Line = tuple[int, dict[str, Any] | None, str | None]


@dataclass(frozen=True)
class Origin:
    """Where a block comes from.

    It has the load, the name of the file for messages, known_at of the extract, for day files the day and the revision in the name, and for
    a table the fields of the profile that the table has no column for.
    """

    load_id: int
    file: str
    known_at: datetime
    file_date: str | None = None
    file_revision: int | None = None
    absent: frozenset[str] = frozenset()


@dataclass
class Faults:
    """The values in one block that could not be read, by row and by column of the model.

    Columns of the model are used so that a rule works for every vendor. `critical`: a subset of the names in `unreadable`. `shape`: the
    columns that should be lists but are not. `counted`: the names of columns, and of items in lists, in which every such value is critical.
    `unreadable_fields` and `shape_fields`: the same by the vendor's fields, because the content
    hashes of all stored records were made from those names.
    """

    counted: frozenset[str] = frozenset()
    unreadable: dict[int, dict[str, str]] = field(default_factory=dict)
    unreadable_fields: dict[int, dict[str, str]] = field(default_factory=dict)
    critical: dict[int, list[str]] = field(default_factory=dict)
    shape: dict[int, list[str]] = field(default_factory=dict)
    shape_fields: dict[int, list[str]] = field(default_factory=dict)

    def add(self, mask: Mask, column: Column, raw: pa.StringArray) -> None:
        """Note that `column` is unreadable in the rows of `mask`; `raw` has the delivered texts."""
        for row in np.flatnonzero(mask).tolist():
            self._note(row, column.name, column.source or column.name, (raw[row].as_py() or "")[:RAW_LENGTH])
            if column.critical or column.name in self.counted:
                self.critical.setdefault(row, []).append(column.name)

    def add_item(self, row: int, place: str, raw: str) -> None:
        """Note that a field in an item of a list is unreadable in a row. `place`: for example `papers[3].is_digitized`."""
        self._note(row, place, place, raw[:RAW_LENGTH])
        if place.partition("[")[0] in self.counted and place.rpartition(".")[2] in self.counted:
            self.critical.setdefault(row, []).append(place)

    def add_shape(self, row: int, name: str, field_name: str) -> None:
        """Note that a row is not an object, or that its list `name` is not a list of objects."""
        self.shape.setdefault(row, []).append(name)
        self.shape_fields.setdefault(row, []).append(field_name)

    def _note(self, row: int, name: str, field_name: str, raw: str) -> None:
        self.unreadable.setdefault(row, {})[name] = raw
        self.unreadable_fields.setdefault(row, {})[field_name] = raw


@dataclass
class ValueCounts:
    """How many values of one load each delivered field has (of `list.field`: objects in the list): all, unreadable ones, rounded ones.

    `first`: the first value of each field, and `differing` how many are another one: 0 where a field has one value in the whole load.

    `kinds`: its values by their kind as delivered; `codes`: its words that the list of codes does not have, for fields with such a list;
    `shared`: records whose code came with another key before (cchc.staging.shared_codes).
    """

    filled: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    rounded: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    codes: dict[str, Counter[str]] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared)
    first: dict[str, str] = field(default_factory=dict)
    differing: Counter[str] = field(default_factory=Counter)


class RecordTyper:
    """Converts the blocks of one entity. `model`: the layout of its staging table, column → SQL type, in order.

    `counts`: what was counted of the values since it was set to new ones.
    """

    def __init__(self, profile: Profile, entity: Entity, model: dict[str, str]) -> None:
        self.profile = profile
        self.entity = entity
        self.model = model
        self.zone = profile.zone_info
        self.zone_of_days = profile.zone_of_days
        self.columns = {column.name: column for column in entity.columns}
        self.counts = ValueCounts()
        self._shared = SharedCodes() if code_beside_key(entity) is not None else None
        self.counted = counted_columns(entity.model) if profile.unreadable == "counted" else frozenset()
        self._require_agreement()

    def _require_agreement(self) -> None:
        where = f"{self.profile.source}.yaml entity {self.entity.name}"
        for name, column in self.columns.items():
            if name not in self.model or name in PIPELINE or name in IDS:
                own = ", ".join(known for known in self.model if known not in PIPELINE and known not in IDS)
                raise NotConfigured(f"{where}: column {name!r} is not in the model {self.entity.model}. There are: {own}.")
            if (self.model[name] == "jsonb") != (column.items is not None):
                raise NotConfigured(f"{where}: column {name!r} is {self.model[name]}; 'list' goes with jsonb columns, and only with them.")
            if (words := signs_without_a_number(column, self.model[name])) is not None:
                raise NotConfigured(f"{where}: column {name!r}: {words}")
            for other in (column.flag, column.shift_12h_onto):
                if other is not None and other not in self.model:
                    raise NotConfigured(f"{where}: column {name!r} names {other!r}, which is not in the model {self.entity.model}.")

    def table(self, lines: Iterable[Line], origin: Origin, first_row: int) -> pa.Table:
        """The typed rows of `lines`, numbered from `first_row`."""
        taken = _Taken(self.entity, lines)
        faults = Faults(self.counted)
        for row, problem in taken.problems:
            faults.add_shape(row, problem, problem)
        block = _Block(self, taken, origin, faults)
        filled = {name: block.column(column) for name, column in self.columns.items()}
        for column in self.columns.values():
            if column.shift_12h_onto is not None:
                filled[column.name], moved = parse.shifted_onto(filled[column.name], filled[column.shift_12h_onto], self.zone)
                if column.flag is not None:
                    filled[column.flag] = moved
        for name, code in IDS.items():
            if name in self.model and code in filled:
                filled[name] = self._ids(filled[code])
        changed_at = block.changed_at()
        delivered_key = block.key()
        key = self._with_identity(delivered_key, filled)
        size = len(taken.numbers)
        self._count(block)
        filled |= {
            "_row": pa.array(np.arange(first_row, first_row + size)),
            "_load_id": _constant(origin.load_id, size, pa.int64()),
            "_file": _constant(origin.file, size, pa.string()),
            "_line": pa.array(taken.numbers, type=pa.int64()),
            "_key": key,
            "_first_seen_at": _constant(_utc(origin.known_at), size, pa.timestamp("us")),
            "_changed_at": _constant(_utc(origin.known_at), size, pa.timestamp("us")),
            "_unreadable": _json_of(faults.unreadable, size),
            "_unreadable_critical": _joined(faults.critical, size),
            "_shape_error": _joined(faults.shape, size),
        }
        if self._shared is not None:  # of the others core has it as the code
            filled["_delivered_key"] = self._ids(delivered_key)
        if self.entity.changed_by_file and origin.file_date is not None:
            day = parse.times(_constant(origin.file_date, size, pa.string()), ("iso",), self.zone)
            filled["_changed_at"] = day
        elif changed_at is not None:
            filled["_changed_at"] = pc.fill_null(changed_at, _utc(origin.known_at) - timedelta(microseconds=1))
        delivered = {"_unreadable": _json_of(faults.unreadable_fields, size), "_shape_error": _joined(faults.shape_fields, size)}
        filled["_content_hash"] = self._hashes(filled, delivered, changed_at)
        arrays = [filled[name] if name in filled else pa.nulls(size, ARROW_TYPES[sql]) for name, sql in self.model.items()]
        return pa.Table.from_arrays(arrays, names=list(self.model))

    def _count(self, block: _Block) -> None:
        self.counts.filled += block.filled()
        self.counts.unreadable += block.unreadable_counts()
        self.counts.differing += block.differing(self.counts.first)
        for name, kinds in block.kinds.items():
            self.counts.kinds.setdefault(block.sources.get(name, name), Counter()).update(kinds)

    def convert(self, column: Column, raw: pa.StringArray, sql_type: str, place: str | None = None) -> tuple[pa.Array, Mask]:
        """The values of a column from its raw texts (null = missing), and where something stood that cannot be read.

        `place`: the delivered field under which it is counted, where that is `list.field`.
        """
        if column.source is not None and (is_known := known_codes(self.entity.model, column)) is not None:
            see_codes(self.counts.codes.setdefault(place or column.source, Counter()), _extracted(column, parse.text(raw)), is_known)
        value, bad = self._words(column, raw)
        if bad.any():
            value = pc.if_else(pa.array(bad), pa.scalar(None, pa.string()), value)
        if column.signs and sql_type in parse.INTEGER_LIMITS:
            value = _mapped(value, column.signs.plain)
        typed = self._typed(column, value, sql_type)
        if column.decimal is not None and column.source is not None and sql_type in parse.INTEGER_LIMITS:
            rounded = _mask(parse.with_fraction(value, column.decimal)) & _mask(typed.is_valid())
            self.counts.rounded[place or column.source] += int(rounded.sum())
        return typed, bad | (_mask(value.is_valid()) & _mask(typed.is_null()))

    @staticmethod
    def _words(column: Column, raw: pa.StringArray) -> tuple[pa.StringArray, Mask]:
        """The texts of a column in the model's words, and where something stood that the profile calls unreadable."""
        bad = _mask(pc.equal(raw, parse.MALFORMED))
        value = parse.text(raw)
        if column.present is not None:
            value = pc.if_else(value.is_valid(), *(pa.scalar(word, pa.string()) for word in column.present))
        value = _extracted(column, value)
        if column.codes is not None:
            coded = _mapped(value, coder(column.codes, is_loose=column.loose_codes, keeps_others=column.otherwise == "keep"))
            if column.otherwise == "unreadable":
                bad |= _mask(value.is_valid()) & _mask(coded.is_null())
            value = pc.if_else(pc.equal(coded, ""), pa.scalar(None, pa.string()), coded)  # a word that says: no value
        if column.default is not None:
            value = pc.fill_null(value, column.default)
        return value, bad

    def _typed(self, column: Column, value: pa.StringArray, sql_type: str) -> pa.Array:
        """Texts as values of the staging column's type, null where they are none."""
        reading = self.profile.reading(column)
        if sql_type == "text":
            is_code = column.name.endswith("_code")
            length = pc.binary_length(value) if is_code else pc.utf8_length(value)
            return pc.if_else(pc.less_equal(length, KEY_BYTES if is_code else TEXT_CHARACTERS), value, pa.scalar(None, pa.string()))
        if sql_type == "boolean":
            return parse.flags(value, truth_words(column))
        if sql_type == "date":
            return parse.dates(value, reading.formats, self.zone, reading.rules, self.zone_of_days)
        if sql_type == "timestamp with time zone":
            return parse.times(value, reading.formats, self.zone, reading.rules)
        if sql_type in parse.INTEGER_LIMITS:
            return parse.integers(value, sql_type, column.thousands, column.decimal)
        raise NotConfigured(f"staging.model_{self.entity.model}: no profile can fill {column.name}, which is {sql_type}.")

    def _with_identity(self, key: pa.StringArray, filled: dict[str, pa.Array]) -> pa.StringArray:
        """The keys as core names the records: of a model with a code of its own that code, null where the record has no key or no code.

        Where the profile's key is another field than that code, codes that come with several keys are counted.
        """
        code = filled.get(own_code(self.entity.model) or "")
        if self._shared is not None and code is not None:
            self._shared.see(zip(code.to_pylist(), key.to_pylist(), strict=True), self.counts.shared)
        return key if code is None else pc.if_else(pc.is_valid(key), code, pa.scalar(None, pa.string()))

    def _ids(self, codes: pa.StringArray) -> pa.Array:
        coded = codes.dictionary_encode()
        return pa.array(key_ids(self.profile.source, _listed(coded.dictionary))).take(coded.indices)

    def _hashes(self, filled: dict[str, pa.Array], delivered: dict[str, pa.Array], changed_at: pa.Array | None) -> pa.Array:
        """Signed 64-bit hashes of the typed content and of the record's own change time.

        A missing change time stays missing, because known_at is not part of the content. Nulls are left out, so a column that is added to
        the model later does not change the hash of records without it. `delivered`: the texts that could not be read, by the vendor's
        fields; with them a record that is delivered again gets the same hash as before.
        """
        content = {name: filled[name] for name in self.model if name in filled and name not in PIPELINE}
        content |= delivered
        if changed_at is not None:
            content["_changed_at"] = changed_at
        named = []
        for name, values in content.items():
            if values.null_count < len(values):
                plain = values.cast(pa.int64()) if pa.types.is_timestamp(values.type) else values
                named.append(pc.binary_join_element_wise(name + "=", plain.cast(pa.string()), ""))
        if not named:
            return pa.array([0] * len(filled["_row"]), type=pa.int64())
        joined = pc.binary_join_element_wise(*named, "\x1f", null_handling="skip").cast(pa.binary())
        return pa.array(numbers_of(blake2b(content, digest_size=8).digest() for content in _listed(joined)))


class _Values:
    """The values of a delivered field, as they came and as texts."""

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.types: set[type] = set()
        self._pieces: list[pa.StringArray] = []

    def add(self, values: list[Any]) -> None:
        """Take the values of some more records."""
        self.given += values
        self.types.update(map(type, values))
        self._pieces.append(parse.written(values))

    def texts(self, missing: tuple[str, ...]) -> tuple[pa.StringArray, Counter[str]]:
        """The values as texts, null where they mean missing, and how many of them are of which kind."""
        array = pa.concat_arrays(self._pieces) if self._pieces else pa.array([], type=pa.string())
        found = parse.without_missing(parse.tidied(array), missing)
        return found, kinds_of(self.given, self.types, found)


@dataclass
class _Lists:
    """A list field of a block: of each row the number of its objects (None: it is no list of objects), and the values of the objects."""

    lengths: list[int | None]
    values: dict[str, _Values]


class _Taken:
    """The values of one block by delivered field, taken out of its records.

    A few records at a time, as they come: all fields of a record are taken while it is in the caches of the processor, which hold no whole
    block.
    """

    def __init__(self, entity: Entity, lines: Iterable[Line]) -> None:
        plain = [column.landed for column in entity.columns if column.source is not None and column.items is None]
        own = [name for name in (*entity.key, *(entity.key_else or ()), entity.changed_at) if name is not None]
        self.numbers: list[int] = []
        self.problems: list[tuple[int, str]] = []
        self.values = {name: _Values() for name in (*plain, *own)}
        self.lists: dict[str, _Lists] = {}
        for column in entity.columns:
            if column.items is not None:  # two columns may be of one field
                taken = self.lists.setdefault(column.source or column.name, _Lists([], {}))
                taken.values |= {item.source: _Values() for item in column.items if item.source is not None}
        coming = iter(lines)
        while some := list(islice(coming, TAKEN_AT_ONCE)):
            self._take(some)

    def _take(self, lines: list[Line]) -> None:
        self.problems += [(row, line[2] or "not an object") for row, line in enumerate(lines, len(self.numbers)) if line[1] is None]
        self.numbers += [line[0] for line in lines]
        records: list[dict[str, Any]] = [line[1] or {} for line in lines]
        for name, values in self.values.items():
            values.add([record.get(name) for record in records])
        for name, taken in self.lists.items():
            lists = [_objects(record.get(name)) for record in records]
            taken.lengths += [None if value is None else len(value) for value in lists]
            items = [item for value in lists if value for item in value]
            for source, values in taken.values.items():
                values.add([item.get(source) for item in items])


class _Block:
    """The values of one block during the conversion; the raw texts of each delivered field are made once."""

    def __init__(self, typer: RecordTyper, taken: _Taken, origin: Origin, faults: Faults) -> None:
        self.typer = typer
        self.taken = taken
        self.size = len(taken.numbers)
        self.origin = origin
        self.faults = faults
        self.texts: dict[str, pa.StringArray] = {}
        self.unreadable: dict[str, Mask] = {}
        self.sources: dict[str, str] = {}
        self.kinds: dict[str, Counter[str]] = {}
        self.in_lists: Counter[str] = Counter()
        self.bad_in_lists: Counter[str] = Counter()
        self.texts_in_lists: dict[str, pa.StringArray] = {}

    def raw(self, name: str) -> pa.StringArray:
        """The texts of a delivered field; null: missing."""
        if name not in self.texts:
            self.texts[name], self.kinds[name] = self.taken.values[name].texts(self.typer.profile.missing)
        return self.texts[name]

    def filled(self) -> Counter[str]:
        """How many values each delivered field has, for the fields that were read."""
        counts: Counter[str] = Counter()
        for name, values in self.texts.items():
            counts |= Counter({self.sources.get(name, name): len(values) - values.null_count})
        return self.in_lists + counts

    def differing(self, first: dict[str, str]) -> Counter[str]:
        """How many values of each delivered field are another than the first one of the load; `first` takes those that it does not have."""
        counts: Counter[str] = Counter()
        for name, texts in (self.texts | self.texts_in_lists).items():
            values = texts.drop_null()
            if len(values):
                source = self.sources.get(name, name)
                same = pc.sum(pc.equal(values, first.setdefault(source, values[0].as_py()))).as_py()
                counts |= Counter({source: len(values) - same})
        return counts

    def unreadable_counts(self) -> Counter[str]:
        """How many values of each delivered field one of its columns cannot read."""
        return self.bad_in_lists + Counter({name: int(bad.sum()) for name, bad in self.unreadable.items()})

    def column(self, column: Column) -> pa.Array:
        """One column of the staging table; unreadable values are noted in `faults`.

        If a delivered table has no such column, the value is null and not the default of the profile.
        """
        size = self.size
        sql_type = self.typer.model[column.name]
        if column.source in self.origin.absent:
            return pa.nulls(size, ARROW_TYPES[sql_type])
        if column.items is not None:
            return self._list(column)
        if column.source is not None:
            raw = self.raw(column.landed)
            self.sources[column.landed] = column.source
        elif column.file is not None:
            word = self.origin.file_date if column.file == "date" else self.origin.file_revision
            raw = _constant(None if word is None else str(word), size, pa.string())
            return parse.dates(raw, ("iso", "yyyyMMdd"), self.typer.zone) if sql_type == "date" else parse.integers(raw, sql_type)
        else:
            raw = _constant(column.const, size, pa.string())
        values, bad = self.typer.convert(column, raw, sql_type)
        self._note(column, raw, bad)
        if column.source is not None and sql_type == ITEM_TYPES["time"]:
            self.kinds[column.landed] |= offsets_of(raw)
        return values

    def _note(self, column: Column, raw: pa.StringArray, bad: Mask) -> None:
        if bad.any():
            self.faults.add(bad, column, raw)
            name = column.source or column.name
            self.unreadable[name] = bad | self.unreadable.get(name, np.zeros(len(bad), dtype=bool))

    def changed_at(self) -> pa.Array | None:
        """The change times of the records; None if the entity has none."""
        entity = self.typer.entity
        if entity.changed_at is None:
            return None
        raw = self.raw(entity.changed_at)
        clock = Column(
            CHANGED_AT,
            entity.changed_at,
            critical=entity.changed_at_critical,
            formats=entity.changed_at_formats,
            ignore_offset=entity.changed_at_ignore_offset,
        )
        values, bad = self.typer.convert(clock, raw, "timestamp with time zone")
        self.kinds[entity.changed_at] |= offsets_of(raw)
        self._note(clock, raw, bad)
        return values

    def key(self) -> pa.StringArray:
        """The key fields joined by "|"; null if a part is missing or unreadable.

        Call it after the columns are converted, because that finds the unreadable values.
        """
        entity = self.typer.entity
        key = self._joined_key(entity.key)
        if entity.key_else is not None:
            key = pc.coalesce(key, self._joined_key(entity.key_else))
        return key

    def _joined_key(self, fields: tuple[str, ...]) -> pa.StringArray:
        key = pc.binary_join_element_wise(*(parse.text(self.raw(name)) for name in fields), "|")
        for name in fields:
            if name in self.unreadable:
                key = pc.if_else(pa.array(self.unreadable[name]), pa.scalar(None, pa.string()), key)
        return key

    def _list(self, column: Column) -> pa.Array:
        """A list field as JSON text: a list of objects with the profile's names and typed values.

        A missing list is empty. A malformed list is null, and the row breaks the rule K2 (the record has the right shape).
        """
        name, fields = column.source or column.name, column.items or ()
        lengths = self.taken.lists[name].lengths
        for row, length in enumerate(lengths):
            if length is None:
                self.faults.add_shape(row, column.name, name)
        self.in_lists[name] = sum(1 for length in lengths if length)
        ends = list(accumulate(length or 0 for length in lengths))
        if not ends or not ends[-1]:
            return pa.array([None if length is None else "[]" for length in lengths], type=pa.string())
        typed = [self._item_column(column, item, ends) for item in fields]
        names = [item.name for item in fields]
        objects = [dict(zip(names, values, strict=True)) for values in zip(*typed, strict=True)]
        starts = [0, *ends]
        texts = [
            None if length is None else orjson.dumps(objects[start:end]).decode() if length else "[]"
            for length, start, end in zip(lengths, starts, ends, strict=False)
        ]
        return pa.array(texts, type=pa.string())

    def _item_column(self, column: Column, item: Column, ends: list[int]) -> list[Any]:
        taken = self.taken.lists[column.source or column.name]
        place_of = f"{column.source}.{item.source}"
        if item.source is None:
            raw, self.kinds[place_of] = pa.nulls(ends[-1], pa.string()), Counter()
        else:
            raw, self.kinds[place_of] = taken.values[item.source].texts(self.typer.profile.missing)
        self.in_lists[place_of] = len(raw) - raw.null_count
        self.texts_in_lists[place_of] = raw
        if item.const is not None:
            raw = _constant(item.const, ends[-1], pa.string())
        values, bad = self.typer.convert(item, raw, ITEM_TYPES[item.type], place_of)
        if item.source is not None and item.type == "time":
            self.kinds[place_of] |= offsets_of(raw)
        self.bad_in_lists[place_of] += int(bad.sum())
        for place in np.flatnonzero(bad).tolist():
            row = int(np.searchsorted(ends, place, side="right"))
            index = place - (ends[row - 1] if row else 0)
            self.faults.add_item(row, f"{column.name}[{index}].{item.name}", raw[place].as_py())
        if pa.types.is_timestamp(values.type):
            whole = values.cast(pa.timestamp("s"), safe=False)
            exact = whole if pc.all(pc.equal(whole.cast(values.type), values)).as_py() is not False else values
            values = pc.strftime(exact, format="%Y-%m-%dT%H:%M:%SZ")
        return _listed(values)


def _objects(value: Any) -> list[dict[str, Any]] | None:
    """The objects of a list field; an empty list if it is missing, None if it is not a list of objects.

    In delivered tables a list is JSON text in a cell.
    """
    if type(value) is list:
        return value if all(type(item) is dict for item in value) else None
    if value is None:
        return []
    if isinstance(value, str):
        if not value.strip():
            return []
        try:
            return _objects(orjson.loads(value)) if value.lstrip().startswith("[") else None
        except orjson.JSONDecodeError:
            return None
    return None


def signs_without_a_number(column: Column, kind: str) -> str | None:
    """What is wrong where a column of the SQL type `kind`, or an item of it, has signs of numbers and is none; None if it is well."""
    for inner, own in ((column, kind), *((item, ITEM_TYPES[item.type]) for item in column.items or ())):
        if inner.signs and own not in parse.INTEGER_LIMITS:
            return f"'negative' and 'currency' are for numbers; {inner.name} is {own}."
    return None


def truth_words(column: Column) -> dict[str, bool]:
    """The words of a column that are true or false, folded."""
    own = dict.fromkeys(map(folded, column.true_words), True) | dict.fromkeys(map(folded, column.false_words), False)
    return parse.FLAGS | own


def _mapped(values: pa.StringArray, change: Callable[[str], str | None]) -> pa.StringArray:
    """The result of `change` for each text; it is called once for each distinct text."""
    coded = values.dictionary_encode()
    return pa.array([change(word) for word in coded.dictionary.to_pylist()], type=pa.string()).take(coded.indices)


def _extracted(column: Column, values: pa.StringArray) -> pa.StringArray:
    """The texts after `extract` of the profile."""
    return values if column.extract is None else _mapped(values, extractor(column.extract, column.extract_as))


def _listed(values: pa.Array) -> list[Any]:
    """The values as Python has them. Numpy has the same ones, many times as fast, but no null among numbers."""
    is_text = pa.types.is_string(values.type) or pa.types.is_binary(values.type)
    if is_text or (values.null_count == 0 and (pa.types.is_int64(values.type) or pa.types.is_boolean(values.type))):
        found: list[Any] = values.to_numpy(zero_copy_only=False).tolist()
        return found
    listed: list[Any] = values.to_pylist()
    return listed


def _constant(value: Any, size: int, kind: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), size)


def _mask(array: pa.Array) -> Mask:
    mask: Mask = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _json_of(cells: dict[int, dict[str, str]], size: int) -> pa.StringArray:
    return _sparse({row: orjson.dumps(cell, option=orjson.OPT_SORT_KEYS).decode() for row, cell in cells.items()}, size)


def _joined(cells: dict[int, list[str]], size: int) -> pa.StringArray:
    return _sparse({row: ",".join(names) for row, names in cells.items()}, size)


def _sparse(cells: dict[int, str], size: int) -> pa.StringArray:
    if not cells:
        return pa.nulls(size, pa.string())
    return pa.array([cells.get(row) for row in range(size)], type=pa.string())
