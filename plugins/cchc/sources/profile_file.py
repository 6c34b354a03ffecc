"""The vocabulary of a profile (include/sources/<source>.yaml): every key with its type, default, allowed values and meaning.

`profile.py` converts these models to the objects that the program uses. docs/schemas/profile.json and docs/reference/profile.md are
generated from them (`make schemas`). A new key is a new field here, with a description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, get_args
from unicodedata import normalize
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import AfterValidator, Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from cchc.sources.expressions import repeats_a_repeat
from cchc.sources.kinds import is_document
from cchc.sources.name_patterns import expanded, with_placeholders
from cchc.sources.number_signs import Negative, check_signs
from cchc.sources.paths import is_broken, place
from cchc.sources.profile_http import HttpFile
from cchc.sources.profile_layout import LayoutFile
from cchc.sources.time_patterns import WORDS, Tokens, form
from cchc.sources.words import check_made_of_groups, check_words
from cchc.typed import Fault, Typed

LONGEST_NAME = 40  # PostgreSQL shortens longer table names without an error
DEADLINE_HOURS = 6.0  # a run that starts at 01:15 is late at 07:15, before the offices open
HOURS_OF_A_YEAR = 366 * 24
NAME = r"[a-z][a-z0-9_]*"

ItemType = Literal["text", "flag", "integer", "time"]
Otherwise = Literal["keep", "null", "unreadable"]
Mode = Literal["window", "list", "days"]
Rows = Literal["record", "event"]
Pick = Literal["first", "first_present", "last", "last_present", "min", "max", "sum"]
Workbook = Literal["declared"]
Unreadable = Literal["critical", "counted"]

NEGATIVE = (
    "How a number below zero may be written, beside a minus before it: `brackets` is (8.00), `trailing_minus` is 8.00-. Without it such a "
    "number is unreadable."
)
CURRENCY = (
    "The signs and words of one currency that may stand before or after a number, in any case, such as `[đ, VND]`. Without it such a "
    "number is unreadable. Nothing is converted, so a sign of another currency is not named here."
)


def _check_formats(formats: list[str]) -> list[str]:
    for pattern in formats:
        try:
            if pattern == "yyyy-MM":  # of the program's own lists of keys
                raise ValueError("it has no day (dd or d)")
            form(normalize("NFC", pattern))
        except ValueError as error:
            raise Fault(
                f"time format {pattern!r} is neither iso nor a pattern such as dd/MM/yyyy HH:mm, dd-MMM-yy or %d %B %Y, nor one of the "
                f"words {', '.join(WORDS)}: {error}."
            ) from error
    return [normalize("NFC", pattern) for pattern in formats]


def _check_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise Fault(f"zone {zone!r} is not a time zone of the IANA list, such as Asia/Ho_Chi_Minh.") from None
    return zone


def _check_schedule(schedule: str) -> str:
    if len(schedule.split()) != 5 or not croniter.is_valid(schedule):
        raise Fault(f"schedule {schedule!r} is not a cron expression of five fields.")
    return schedule


def _check_encoding(encoding: str) -> str:
    try:
        "".encode(encoding)
    except LookupError:
        raise Fault(f"encoding {encoding!r} is not known.") from None
    return encoding


def _check_delimiter(delimiter: str) -> str:
    if len(delimiter) != 1:
        raise Fault(f"a delimiter is one character, not {delimiter!r}.")
    return delimiter


def _check_expression(pattern: str) -> str:
    groups(pattern)
    return pattern


def groups(pattern: str) -> Iterable[str]:
    """The names of the groups of a regular expression. Raises Fault if the text is not one, or if it may search for ever."""
    try:
        found = re.compile(pattern).groupindex
    except re.error as error:
        raise Fault(f"{pattern!r} is not a regular expression: {error}.") from error
    if repeats_a_repeat(pattern):
        raise Fault(f"{pattern!r} repeats a part that repeats without a limit, so a search may never end. Limit one of them.")
    return found


def _check_place(name: str) -> str:
    if is_broken(name) or place(name) is None:
        raise Fault(f"{name!r} is neither a key nor a path of keys, [n] and [*], such as ketQua.danhSach.")
    return name


def _check_entity_name(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise Fault("the name of an entity is lower-case letters, digits and _.")
    if len(name) > LONGEST_NAME:
        raise Fault(f"the name of an entity has at most {LONGEST_NAME} letters: tables are named by it.")
    return name


def _check_column_name(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise Fault("the name of a column is lower-case letters, digits and _.")
    return name


def _day(value: Any) -> date:
    """A day. YAML already converts 2023-01-01 to a day."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Fault(f"'first_day' must be a day YYYY-MM-DD, found {value!r}.") from None


def _months(value: Any) -> int | str:
    if value != "all" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise Fault(f"'months' must be all or a whole number from 1, found {value!r}.")
    months: int | str = value
    return months


def _pattern(pattern: str) -> Any:
    """The pattern of a key for editors; the message about a wrong value comes from the check of the key."""
    return Field(json_schema_extra={"pattern": f"^{pattern}$"})


_Texts = list[str]
Formats = Annotated[list[str], AfterValidator(_check_formats)]
Expression = Annotated[str, AfterValidator(_check_expression), WithJsonSchema({"type": "string", "format": "regex"})]
Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Months = Annotated[
    int | str, PlainValidator(_months), WithJsonSchema({"anyOf": [{"const": "all"}, {"type": "integer", "minimum": 1}], "default": "all"})
]


def _form_of_names(value: Any) -> str:
    return "names" if isinstance(value, list) else "name"


Names = Annotated[Annotated[str, Tag("name")] | Annotated[list[str], Tag("names")], Discriminator(_form_of_names)]


class AliasFile(Typed):
    """Another name of a field, and the years of files in which it is one."""

    name: str = Field(description="The name.")
    first: int | None = Field(None, alias="from", ge=1900, le=2200, description="The first year; without it from the beginning.")
    last: int | None = Field(None, alias="to", ge=1900, le=2200, description="The last year; without it without an end.")

    @model_validator(mode="after")
    def _rules(self) -> AliasFile:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise Fault(f"{self.name!r} is a name from {self.first} to {self.last}; the last year is before the first.")
        return self


class ColumnKeys(Typed):
    """What a column and a field of a list's items have in common.

    A value goes through `present`, `extract`, `codes`, `default` in this order, then it is read as the type of its column.
    """

    nulls: ClassVar = {"otherwise": "null"}  # YAML converts an unquoted null to None

    source: Names | None = Field(
        None,
        alias="from",
        description="The field of the source. Give exactly one of `from`, `const`, `file`. A list has the names of one field whose name "
        "changes from file to file: each file has exactly one of them.",
    )
    dated_names: list[AliasFile] = Field(
        [],
        alias="aliases",
        description="Other names of the field, each with its years. The year is that of the file's name (`files.name`). In a file of "
        "another year such a name is no name of the field: it is told, and not read.",
    )
    const: str | None = Field(None, description="The same value in every row.")
    file: Literal["date", "revision"] | None = Field(
        None, description="The day or the revision that stands in the file's name (`files.name` finds it)."
    )
    critical: bool = Field(
        False,
        description="A record whose value cannot be read goes to quarantine (rule K3 of dossiers, UNREADABLE of others). Without it the "
        "value alone becomes empty, with a warning, where `unreadable` of the profile does not say otherwise.",
    )
    present: list[str] = Field(
        [],
        description="Two texts: the value where the field has one, and the value where it is missing. Its own is not kept.",
    )
    extract: Expression | None = Field(
        None,
        description="A regular expression: its first match is the value, or the group `(?P<value>…)` of it where there is one; without a "
        "match it is missing.",
    )
    extract_as: str | None = Field(
        None,
        description="The value made of the groups of `extract`, such as `{year}-{month}` or `{1}/{2}`; a group without a match is empty.",
    )
    codes: dict[str, str] | None = Field(None, description="The source's codes, each with the code of the model (tables below).")
    otherwise: Otherwise = Field(
        "keep",
        description="What becomes of a value that is not in `codes`: `keep` it, take it as missing (`null`), or call it unreadable "
        "(`unreadable`).",
    )
    loose_codes: bool = Field(
        False, description="Words are found in `codes` whatever their case, doubled blanks and the normal form of their accents."
    )
    pick: Pick = Field(
        "last",
        description="With `rows: event`: of which row the value is, in the order of the rows: the first or the last, the first or the last "
        "that has one, the least or greatest of times and numbers, or the sum.",
    )
    true_words: list[str] = Field([], description="More words for true beside `1` and `true`, in any case, such as `có` and `x`.")
    false_words: list[str] = Field([], description="More words for false beside `0` and `false`, in any case, such as `không`.")
    default: str | None = Field(
        None, description="The value where the field is empty. It never stands in for a column that a table does not have."
    )
    thousands: str | None = Field(None, description="The character between groups of three digits in numbers, such as `.` in 50.000.")
    decimal: Literal[".", ","] | None = Field(
        None,
        description="The mark before the fraction of a number, such as `,` in 1.500.000,50. A whole-number column takes it rounded half "
        "up, and this is told; without `decimal` a number with a fraction is unreadable.",
    )
    negative: list[Negative] = Field([], description=NEGATIVE)
    currency: list[str] = Field([], description=CURRENCY)
    formats: Formats | None = Field(None, description="The only time formats of this field, instead of the source's `time_formats`.")
    ignore_offset: bool | None = Field(
        None, description="The offset (`Z`, `+07:00`) in this field's times is not meant; without it as the source's `ignore_offset` says."
    )
    personal: Literal["hmac"] | None = Field(
        None,
        description="It identifies a person: only its keyed hash is stored. A field is personal in all of its columns or in none.",
    )
    shift_12h_onto: str | None = Field(
        None, description="A date column. A time written with a 12-hour clock is moved by 12 hours where that brings it onto that day."
    )
    flag: str | None = Field(None, description="The column that tells whether `shift_12h_onto` moved the time.")
    optional: bool = Field(
        False,
        description="A delivery may lack the field; the column is then empty. Every other column must be in the header of every table, or "
        "the file is blocked. Goes with `from` and `reason`.",
    )
    reason: str | None = Field(None, description="Why the source need not have the field.")

    @property
    def field(self) -> str | None:
        """The field of the source; of several names the first one, by which it is known everywhere."""
        return self.source[0] if isinstance(self.source, list) else self.source

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other names of the field."""
        listed = self.source[1:] if isinstance(self.source, list) else []
        return tuple(dict.fromkeys((*listed, *(each.name for each in self.dated_names))))

    @model_validator(mode="after")
    def _rules(self) -> ColumnKeys:
        if self.dated_names and not isinstance(self.source, str):
            raise Fault("'aliases' are other names of the one field that 'from' names.")
        if any(each.name == self.source for each in self.dated_names):
            raise Fault(f"{self.source!r} is the field itself, which is read in every year; 'aliases' are its other names.")
        if isinstance(self.source, list) and (len(self.source) < 2 or len(set(self.source)) < len(self.source)):
            raise Fault("'from' as a list has two or more different names of one field.")
        if self.present and len(self.present) != 2:
            raise Fault("'present' is two texts: the value when the field is there, and when it is missing.")
        if [self.source, self.const, self.file].count(None) != 2:
            raise Fault("give exactly one of 'from', 'const', 'file'.")
        if self.optional != bool((self.reason or "").strip()):
            raise Fault("'optional: true' and 'reason' go together; the reason says why the source need not have it.")
        if self.optional and self.source is None:
            raise Fault("'optional' goes with 'from'; what is no field of the source is never missing in it.")
        if self.flag is not None and self.shift_12h_onto is None:
            raise Fault("'flag' tells whether 'shift_12h_onto' moved the time; it is missing.")
        return self

    @model_validator(mode="after")
    def _rules_of_values(self) -> ColumnKeys:
        if self.pick in ("min", "max", "sum") and (self.extract or self.codes or self.present or self.source is None):
            raise Fault(f"pick: {self.pick} compares what is delivered: it goes with 'from', and not with 'extract', 'codes', 'present'.")
        if self.loose_codes and self.codes is None:
            raise Fault("'loose_codes' says how words are found in 'codes', which is missing.")
        check_words(self.true_words, self.false_words, self.codes if self.loose_codes else None)
        if self.extract_as is not None:
            check_made_of_groups(self.extract, self.extract_as)
        if self.decimal is not None and self.decimal == self.thousands:
            raise Fault(f"'thousands' and 'decimal' are both {self.decimal!r}; one mark cannot be both.")
        check_signs(self.negative, self.currency)
        return self


class ItemFile(ColumnKeys):
    """One field of the objects in a list, in its long form."""

    type: ItemType = Field("text", description="How the value is read; at the top of a record the model's table decides.")


def _form_of_column(value: Any) -> str:
    return "short" if isinstance(value, str) else "long"


ColumnName = Annotated[str, AfterValidator(_check_column_name), _pattern(NAME)]
Item = Annotated[Annotated[str, Tag("short")] | Annotated[ItemFile, Tag("long")], Discriminator(_form_of_column)]


class ColumnFile(ColumnKeys):
    """One column in its long form. The short form is the field of the source alone: `due_at: NgayHenTra`."""

    items: dict[ColumnName, Item] | None = Field(
        None,
        alias="list",
        description="The field is a list of objects: name in the warehouse → field in the objects (short form), or a mapping as here with "
        "`type`. Goes with the model's jsonb columns, and only with them.",
    )


Column = Annotated[Annotated[str, Tag("short")] | Annotated[ColumnFile, Tag("long")], Discriminator(_form_of_column)]


class ChangedField(Typed):
    """The change time of a record stands in a field of its own."""

    source: str = Field(alias="from", description="The field with the time of the last change.")
    critical: bool = Field(False, description="A record whose change time cannot be read goes to quarantine (rule K3).")
    formats: Formats | None = Field(None, description="The only time formats of the change time, instead of the source's `time_formats`.")
    ignore_offset: bool | None = Field(
        None, description="The offset in the change time is not meant; without it as the source's `ignore_offset` says."
    )


class ChangedByFile(Typed):
    """A record changes when its file says so."""

    file: Literal["date"] = Field(description="00:00 of the day in the file's name; `files.name` finds it.")


def _form_of_clock(value: Any) -> str:
    if not isinstance(value, dict):
        return "field"
    return "by file" if value.get("file") is not None else "long"


ChangedAt = Annotated[
    Annotated[str, Tag("field")] | Annotated[ChangedField, Tag("long")] | Annotated[ChangedByFile, Tag("by file")],
    Discriminator(_form_of_clock),
]


class EachFile(Typed):
    """Records with a list in them, of which each element is a row of its own."""

    list: str = Field(description="The list in a record: a key, or a JSONPath such as `hoSo.giayTo`.")
    parent_key: _Texts = Field(
        [],
        description="The fields that together identify the record with the list. Needed over HTTP, where the total counts these records.",
    )
    optional: bool = Field(False, description="A delivery may have no record with the list.")


class SequenceFile(Typed):
    """Windows by a number instead of a time: each change of a record gives it a greater one than all before."""

    field: str = Field(description="The field with the number. It need not fill a column, and then it never lands.")
    overlap: int = Field(
        1000,
        ge=0,
        description="So many numbers before the last one that was reached the next extract begins: a change that was not finished then may "
        "have one of them.",
    )


class MonthKeysFile(Typed):
    """How deletions are learnt over HTTP."""

    kind: Literal["month_keys"] = Field(description="The source lists the keys of a month that exist.")
    path: str = Field(description="The path of that list.")
    months: Months = Field("all", description="For how many of the last months it is asked, or `all`.")


class KeysFile(Typed):
    """How deletions are learnt from a database."""

    kind: Literal["keys"] = Field(description="The keys that the table holds at T are compared with those of before, month by month.")
    months: Months = Field("all", description="For how many of the last months of reception they are compared, or `all`.")


class SecretFile(Typed):
    """Records that may never be stored: they are counted, and dropped before anything is written."""

    field: str = Field(description="The field with the degree of secrecy. A record without it is secret.")
    open: list[str] = Field(description="The values of records that are not secret.")
    unit: str = Field(description="The field of the unit by which the secret records are counted.")


class ConditionFile(Typed):
    """Which rows count, by one field. Everything that is given must hold."""

    field: str = Field(description="A field of the source; it need not fill a column, and then it never lands.")
    among: list[str] | None = Field(
        None, alias="in", min_length=1, description='The values of rows that count; `""` stands for a missing one.'
    )
    not_in: list[str] = Field([], description='The values of rows that do not count; `""` stands for a missing one.')
    matches: Expression | None = Field(None, description="A regular expression that is found in the values of rows that count.")
    not_matches: Expression | None = Field(None, description="A regular expression that is found in the values of rows that do not count.")
    present: bool | None = Field(None, description="Whether rows with a value count (`true`), or those without one (`false`).")

    @model_validator(mode="after")
    def _rules(self) -> ConditionFile:
        if not self.not_in and all(given is None for given in (self.among, self.matches, self.not_matches, self.present)):
            raise Fault("give at least one of 'in', 'not_in', 'matches', 'not_matches', 'present'.")
        return self


class EntityFile(Typed):
    """One kind of record of the source. Its name is the key, in lower-case letters, digits and _."""

    model: str = Field(description="The model of the warehouse that it fills: one of those in the tables below.")
    key: list[str] = Field(
        min_length=1,
        description="The fields that together identify a record; of one with a code, such as a dossier, the field of its code.",
    )
    columns: dict[ColumnName, Column] = Field(
        description="Column of the model → where its value comes from. What is not named here never reaches the disk."
    )
    suite: str | None = Field(None, description="The suite of rules (expectations/staging); without it that of the model.")
    key_else: list[str] = Field([], description="The key fields of a record in which a part of `key` is missing.")
    waived_rules: dict[str, str] = Field({}, description="Rules that cannot hold for this source: number of the rule → the reason.")
    file_pattern: str | None = Field(
        None, description="Which files of the drop folder hold it: a pattern with *, ? and {a,b}. Needed where the source has `files`."
    )
    layout: LayoutFile | None = Field(
        None, description="How its table stands in a file, where it is more than one header and its rows (docs/guides/table_files.md)."
    )
    path: str | None = Field(None, description="Its path, where it is not `http.path`.")
    changed_at: ChangedAt | None = Field(
        None,
        description="When a record changed last: a field, or a mapping as below. Without it the time of the extract counts.",
    )
    mode: Mode = Field(
        "window",
        description="`window`: records that changed in a window of time; `list`: a full list each time; `days`: payments that are asked "
        "for day by day (HTTP, database), where an answer replaces all of its day (docs/guides/payments_by_day.md).",
    )
    rows: Rows = Field(
        "record",
        description="`record`: one row a record; `event`: several rows a record: the last is kept, or what `pick` of a column says.",
    )
    each: EachFile | None = Field(
        None,
        description="One row for each element of a list in the record (HTTP, JSON, XML). `parent.x` is the field x of the record itself.",
    )
    records: Annotated[str, AfterValidator(_check_place)] | None = Field(
        None,
        min_length=1,
        description="Where the records lie in a document of a drop folder: a key, or a JSONPath of keys, `[n]` and `[*]` such as "
        "`ketQua.danhSach`. Without it a JSON document is the record, or the list of them. In XML: the names of elements, from the "
        "outermost one on.",
    )
    sequence: SequenceFile | None = Field(
        None, description="By which number changes are asked for (HTTP with `times: sequence`, databases). Without it by their time."
    )
    deletions: Annotated[MonthKeysFile | KeysFile, Discriminator("kind")] | None = Field(None, description="How deletions are learnt.")
    secret: SecretFile | None = Field(None, description="Which records may never be stored.")
    where: list[ConditionFile] = Field(
        [], description="Which rows count: all conditions must hold. Rows that are left out never land; ingest tells how many."
    )
    known_fields: list[str] = Field(
        [],
        description="The fields of the source's contract that no column uses (`list.field` for those of a list). With this list a field "
        "that is neither here nor used is told as new, in the first delivery too, and what is here is never told (docs/guides/drift.md).",
    )
    table: str | None = Field(
        None, min_length=1, description="The table or view of the database, with its schema where it is not the login's own: `public.hoso`."
    )
    query: str | None = Field(
        None, min_length=1, description="An SQL file with one SELECT, beside the profile or below its folder. In place of `table`."
    )

    @property
    def has_aliases(self) -> bool:
        """Whether a field of the entity has several names."""
        return any(isinstance(column, ColumnFile) and column.aliases for column in self.columns.values())

    @property
    def has_dated_names(self) -> bool:
        """Whether a name of a field holds for some years."""
        return any(isinstance(column, ColumnFile) and column.dated_names for column in self.columns.values())

    @model_validator(mode="after")
    def _rules(self) -> EntityFile:
        clock = self.changed_at if isinstance(self.changed_at, str) else getattr(self.changed_at, "source", None)
        long = {name: column for name, column in self.columns.items() if isinstance(column, ColumnFile)}
        for long_name, column in long.items():
            if column.optional and column.field in (*self.key, *self.key_else, clock):
                raise Fault(f"{column.field!r} is part of the key or the change time, so it cannot be optional.", "columns", long_name)
        # a delivered field is hashed for every column or for none; fields of the key and of the change time are never hashed
        keyed = {column.field for column in long.values() if column.personal}
        clear = {_field(column) for column in self.columns.values() if not _is_keyed(column)}
        for name in sorted(field for field in keyed & {*clear, *self.key, *self.key_else, clock} if field is not None):
            place = next(place for place, column in long.items() if column.field == name and column.personal)
            raise Fault(
                f"{name!r} is personal in one place and in clear in another; make it personal: hmac in all of them.", "columns", place
            )
        for name in (*self.key, *(_field(column) or "" for column in self.columns.values())):
            if is_broken(name):
                raise Fault(f"{name!r} begins with $ and is not a JSONPath, such as $.hoSo.ma.")
        for name, column in long.items():
            if column.pick != "last" and (self.rows != "event" or column.items is not None):
                raise Fault(f"column {name!r} has pick: {column.pick}, which goes with rows: event, and not with a list.")
            if column.pick in ("min", "max", "sum") and name.endswith(("_code", "_name")):
                raise Fault(f"column {name!r} has pick: {column.pick}, which is for times and numbers.")
        lists = [column.field for column in long.values() if column.items is not None]
        if len(lists) != len(set(lists)):
            raise Fault("a list field feeds two columns; one column takes all of its items.")
        _check_aliases(self)
        return self

    @model_validator(mode="after")
    def _rules_of_days(self) -> EntityFile:
        if self.mode != "days":
            return self
        if self.model != "payment":
            raise Fault("mode: days is for the model payment.")
        others = {"changed_at": self.changed_at, "sequence": self.sequence, "deletions": self.deletions, "secret": self.secret}
        if given := [name for name, value in others.items() if value is not None]:
            raise Fault(f"with mode: days a day is asked for as a whole, so {given[0]!r} does not go with it.")
        day, paid = self.columns.get("file_date"), self.columns.get("paid_at")
        if not isinstance(day, ColumnFile) or day.file != "date":
            raise Fault("with mode: days the day that was asked for is the day of a payment: file_date: {file: date}.")
        if paid is None or _field(paid) is None:
            raise Fault("mode: days needs the column paid_at, from the field of the time of a payment.")
        return self

    def own_formats(self) -> dict[str, list[str]]:
        """The time formats of single fields, by the place where they stand."""
        found: dict[str, list[str]] = {}
        for name, column in self.columns.items():
            if isinstance(column, ColumnFile):
                found |= {f"columns.{name}.formats": column.formats or []} | {
                    f"columns.{name}.list.{inner}.formats": item.formats or []
                    for inner, item in (column.items or {}).items()
                    if isinstance(item, ItemFile)
                }
        if isinstance(self.changed_at, ChangedField):
            found["changed_at.formats"] = self.changed_at.formats or []
        return found


def _field(column: str | ColumnFile) -> str | None:
    """The field of the source that fills a column."""
    return column if isinstance(column, str) else column.field


def _check_aliases(entity: EntityFile) -> None:
    """Raise Fault where the other name of a field is the name of another one, or stands in a list."""
    long = {name: column for name, column in entity.columns.items() if isinstance(column, ColumnFile)}
    names = {_field(column) for column in entity.columns.values()} | {*entity.key, *entity.key_else}
    known: dict[str, str | None] = {}
    for name, column in long.items():
        for alias in column.aliases:
            if alias in names or known.setdefault(alias, column.field) != column.field:
                raise Fault(f"{alias!r} is another name of {column.field!r}, and a field of its own in another place.", "columns", name)
        if any(isinstance(item, ItemFile) and item.aliases for item in (column.items or {}).values()):
            raise Fault("a field of a list's items has one name.", "columns", name)


def _is_keyed(column: str | ColumnFile) -> bool:
    return isinstance(column, ColumnFile) and column.personal is not None


class FormatsFile(Typed):
    """How its tables are written."""

    delimiter: Annotated[str, AfterValidator(_check_delimiter)] | None = Field(
        None, description="The character between columns; without it , or ; is found from the header."
    )
    encoding: Annotated[str, AfterValidator(_check_encoding)] = Field("utf-8-sig", description="The encoding of text files.")
    trailer: str | None = Field(None, description="The word that begins a last line with the number of rows and the sum.")
    thousands: str | None = Field(None, description="The character between groups of three digits in the trailer's sum.")
    decimal: Literal[".", ","] | None = Field(
        None, description="The mark before the fraction of the amounts that are summed up, and of the sum in manifest and trailer."
    )
    negative: list[Negative] = Field([], description=f"Of the amounts that are summed up, and of that sum: {NEGATIVE}")
    currency: list[str] = Field([], description=f"Of the amounts that are summed up, and of that sum: {CURRENCY}")
    sheet: str | None = Field(None, description="The sheet of a workbook; without it the first one.")

    @model_validator(mode="after")
    def _rules(self) -> FormatsFile:
        check_signs(self.negative, self.currency)
        return self


class ManifestFile(Typed):
    """The manifest beside a delivered file: the names of its fields, and what its sum is of."""

    amount_field: str = Field(description="The column that is summed up.")
    amount_where: dict[str, str] = Field({}, description="Which rows count in the sum: column → value.")
    suffix: str = Field(".json", description="How the manifest's name ends, in place of the file's ending.")
    file: str = Field("file", description="The key of the file's name.")
    rows: str = Field("rows", description="The key of the number of rows.")
    amount: str = Field("amount", description="The key of the sum.")
    sha256: str = Field("sha256", description="The key of the checksum.")
    revision: str = Field("revision", description="The key of the revision.")


class FilesFile(Typed):
    """How the source comes as files in a drop folder."""

    retired: ClassVar = {
        "whole_header": (
            "take the key 'whole_header' out. Every table is read so now: one that lacks a column of the profile is blocked, unless the "
            "column says optional: true with a reason."
        )
    }

    name: Expression | None = Field(
        None,
        description="A regular expression for names with their day in them: its groups are `date`, `revision` and `unit`. In place of "
        "`date` a placeholder may stand: `{yyyy}`, `{yyyy-MM}`, `{yyyyMMdd}`, `{dd-MM-yyyy}` …; a year or a month counts as its first day.",
    )
    full: bool = Field(True, description="Whether the folder keeps all files. It is a note for people: no step asks for it.")
    newest_within_days: int | None = Field(
        None, description="A run by the clock fails where the newest file is older: the sender stopped, or a clock is wrong. Needs `name`."
    )
    subfolders: bool = Field(
        False,
        description="Whether folders in the drop folder are gone into. The name of a file in them is its path, such as `2024/05/a.json`; "
        "`name` and `file_pattern` are about the last part of it, where they have no /.",
    )
    archives: bool = Field(
        False,
        description="Whether zip archives are opened. A file in one has the name `may.zip/a.csv`; `name` and `file_pattern` as above.",
    )
    workbook: Workbook | None = Field(
        None, description="Workbooks are read cell by cell, and a fault in one blocks the file with its address: `declared` figures."
    )
    formats: FormatsFile | None = Field(None, description="How its tables are written.")
    manifest: ManifestFile | None = Field(None, description="The manifest beside each file; a file without it waits. Needs `name`.")
    no_manifest: str | None = Field(
        None,
        description="Why payments come without a manifest, such as `the council publishes none`. Then nothing but the end of a file tells "
        "that it is whole, and `name` may have a month or a year. Needs `name`.",
    )

    @model_validator(mode="after")
    def _rules(self) -> FilesFile:
        try:
            named = groups(with_placeholders(self.name)) if self.name is not None else ()
        except ValueError as error:
            raise Fault(f"'name': {error}.") from None
        if self.name is not None and "date" not in named:
            raise Fault("'name' needs the group (?P<date>…) or a placeholder such as {yyyy-MM}, and may have (?P<revision>…).")
        if self.newest_within_days is not None and (self.newest_within_days < 1 or self.name is None):
            raise Fault("'newest_within_days' is a number of days from 1, and needs 'name', which finds the files' day.")
        if self.workbook is not None and "unit" not in named:
            raise Fault("'workbook' needs 'name' with the groups (?P<unit>…) and (?P<date>…), a month.")
        if self.manifest is not None and self.name is None:
            raise Fault("files with a manifest need 'name', which finds day and revision in the file's name.")
        if self.no_manifest is not None and (self.manifest is not None or not self.no_manifest.strip()):
            raise Fault("'no_manifest' is the reason why there is no manifest: it does not go with 'manifest', and is not empty.")
        return self


class DatabaseFile(Typed):
    """How the source's database is read."""

    statement_timeout_seconds: float = Field(600.0, gt=0, le=86_400, description="Seconds that one statement may take.")
    batch_rows: int = Field(1000, ge=1, le=100_000, description="How many rows are fetched at once.")


class SettingsFile(Typed):
    """Limits of what is let through."""

    quarantine_share: float | None = Field(
        None, ge=0, le=1, description="A load with more than this share of its rows in quarantine is blocked; 0.05 without it."
    )
    unreadable_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="A load in which more than this share of the values of one field, and more than `quarantine_rows`, cannot be read is "
        "blocked; 0.5 without it.",
    )
    quarantine_rows: float | None = Field(
        None, ge=0, description="So many rows in quarantine block no load, whatever their share; 20 without it."
    )
    batch_factor: float | None = Field(
        None, ge=1, description="A load so many times larger or smaller than the median of those before is blocked; never without it."
    )
    first_delivery_rows: float | None = Field(
        None,
        ge=0,
        description="A first delivery of so many records must have the key and the critical fields; 20 without it.",
    )


class UnitFile(Typed):
    """A unit of the source that is not one of the district's own (those are in the authority's units.csv)."""

    unit_code: str = Field(description="Its code.")
    name: str = Field(description="Its name.")
    level: str = Field(description="Its level: district, commune, other …")
    kind: str = Field(description="Its kind: office, public_service_unit, commune …")
    parent_code: str | None = Field(None, description="The unit that it belongs to.")
    valid_from: str | None = Field(None, description="Its first day, as a text YYYY-MM-DD.")
    valid_to: str | None = Field(None, description="Its last day, as a text YYYY-MM-DD.")


EntityName = Annotated[str, AfterValidator(_check_entity_name), _pattern(NAME)]


class ProfileFile(Typed):
    """One source. The file is named as the source is: one_stop.yaml for `source: one_stop`."""

    source: str = Field(description="Its name, the same as the file's: lower-case letters, digits and _.")
    name_vi: str = Field(description="Its name for people, in Vietnamese.")
    owner: str = Field(description="The office that answers for it.")
    zone: Annotated[str, AfterValidator(_check_zone)] = Field(
        description="The time zone of times and dates without an offset, by its name in the IANA list, such as `Asia/Ho_Chi_Minh`."
    )
    contract: str | None = Field(
        None,
        min_length=1,
        description="The version of the source's contract that this profile reads, such as `2.1`. Each load keeps it, and `cchc drift` "
        "names it.",
    )
    schedule: Annotated[str, AfterValidator(_check_schedule)] | None = Field(
        None, description="When it is pulled: a cron expression of five fields, in Vietnam's time. Without it by hand alone."
    )
    overlap_hours: int = Field(
        24, ge=0, le=24 * 366, description="How many hours before the end of the last complete extract the next one begins."
    )
    deadline_hours: float = Field(
        DEADLINE_HOURS,
        gt=0,
        le=24 * 366,
        description="After how many hours a run of this source is late, and people are told; the run goes on.",
    )
    missing: list[str] = Field([""], description="The texts that mean that a value is missing; a text that ends in * is a prefix.")
    time_formats: Formats = Field(
        ["iso"],
        description="How times are written, in the order in which they are tried: `iso`, letters as in `dd/MM/yyyy HH:mm` and `dd-MMM-yy`, "
        "directives as in `%d %B %Y`, or `epoch`, `epoch_ms`, `json_date`, `excel_serial`.",
    )
    two_digit_years_from: int | None = Field(
        None, ge=1900, le=2000, description="The first of the hundred years that two digits (`yy`) mean: 1950 takes 49 as 2049, 50 as 1950."
    )
    ignore_offset: bool = Field(
        False, description="Offsets (`Z`, `+07:00`) in the times of this source are not meant: the times are local ones of its zone."
    )
    first_day: Day | None = Field(
        None, description="The first day that the source is expected to have; an extract from there on leaves nothing out."
    )
    unreadable: Unreadable = Field(
        "critical",
        description="Where a value that cannot be read sets its record aside: in columns that say `critical: true` (`critical`), or also "
        "in every column that the SQL of an indicator, or of the facts that it counts, reads (`counted`). Elsewhere the value alone "
        "becomes empty, with a warning.",
    )
    settings: SettingsFile | None = Field(None, description="Limits of what is let through.")
    http: HttpFile | None = Field(None, description="How it is read over HTTP. A source has one or more of `http`, `files`, `database`.")
    files: FilesFile | None = Field(None, description="How it is read from files; with `http` beside, where its connection is a folder.")
    database: DatabaseFile | None = Field(None, description="How its database is read, where its connection is that of a database.")
    units: list[UnitFile] = Field([], description="Units of this source that are not the district's own.")
    entities: dict[EntityName, EntityFile] = Field(min_length=1, description="Its kinds of records, in the order in which they are read.")

    @model_validator(mode="after")
    def _rules(self) -> ProfileFile:
        if self.http is None and self.files is None and self.database is None:
            raise Fault("neither 'http' nor 'files' nor 'database' says how the source is read.")
        for name, entity in self.entities.items():
            if isinstance(entity.changed_at, ChangedByFile) and (self.files is None or self.files.name is None):
                raise Fault("'file' needs 'files' with 'name', which finds the day in the file's name.", "entities", name, "changed_at")
            if self.files is not None and entity.file_pattern is None:
                raise Fault("the source has 'files', so the entity needs 'file_pattern'.", "entities", name)
            if (self.files is None or self.http is not None or self.database is not None) and entity.has_aliases:
                raise Fault("'from' with several names goes with 'files' alone.", "entities", name)
            if entity.has_dated_names and (self.files is None or self.files.name is None):
                words = "'aliases' have years, so the source needs 'files' with 'name', which finds the year of a file."
                raise Fault(words, "entities", name)
            if entity.layout is not None and (self.files is None or self.files.workbook is not None):
                raise Fault("'layout' goes with 'files', and not with workbooks that are read cell by cell.", "entities", name)
            if entity.layout is not None and all(map(is_document, expanded(entity.file_pattern or ""))):
                words = f"'layout' says how a table stands in a file, and {entity.file_pattern} names documents alone, which are no tables."
                raise Fault(f"{words} Take it out; where the records lie in a document is 'records'.", "entities", name, "layout")
            if self.http is not None and entity.each is not None and not entity.each.parent_key:
                raise Fault("over HTTP 'each' needs 'parent_key', by which the records are counted.", "entities", name, "each")
            self._check_relation(name, entity)
            self._check_sequence(name, entity)
            self._check_days(name, entity)
        self._check_years()
        return self

    def _check_years(self) -> None:
        """Raise Fault if two digits of a year stand in a format, and nothing says which century is meant."""
        if self.two_digit_years_from is not None:
            return
        keys = {"time_formats": self.time_formats} | {
            f"entities.{name}.{own}": formats for name, entity in self.entities.items() for own, formats in entity.own_formats().items()
        }
        for key, formats in keys.items():
            short = [name for name in formats if isinstance(found := form(name), Tokens) and "yy" in found.tokens]
            if short:
                raise Fault(
                    f"the year of {short[0]!r} has two digits; say by two_digit_years_from (at the top of the file) which hundred years "
                    "are meant, such as 1950 for 1950 to 2049.",
                    *key.split("."),
                )

    def _check_sequence(self, name: str, entity: EntityFile) -> None:
        by_number = self.http is not None and self.http.paginator.times == "sequence"
        if entity.sequence is None:
            if by_number and entity.mode == "window":
                raise Fault("'times: sequence' of the paginator needs 'sequence' with the field of the number.", "entities", name)
            return
        if self.files is not None or (self.http is not None and not by_number):
            words = "'sequence' goes with 'database', or with 'http' whose paginator has times: sequence; files have no windows of numbers."
            raise Fault(words, "entities", name, "sequence")
        if entity.mode != "window" or entity.each is not None:
            raise Fault("'sequence' is about records that changed: without mode: list, and without 'each'.", "entities", name, "sequence")

    def _check_days(self, name: str, entity: EntityFile) -> None:
        if entity.mode != "days":
            return
        if self.http is None and self.database is None:
            raise Fault("mode: days goes with 'http' or 'database'; files have the day in their name.", "entities", name, "mode")
        if self.first_day is None:
            raise Fault("with mode: days the profile needs 'first_day', the first day that is asked for.", "entities", name, "mode")
        if self.http is None:
            return
        pages, body = self.http.paginator, str(self.http.body or "")
        is_sent = "{from}" in body and "{to}" in body if self.http.body else bool(pages.from_parameter and pages.to_parameter)
        if not is_sent or pages.times == "sequence":
            words = (
                "mode: days asks for one day, so http.paginator needs 'from' and 'to' (of a request by POST: {from} and {to} in its body)."
            )
            raise Fault(words, "entities", name, "mode")

    def _check_relation(self, name: str, entity: EntityFile) -> None:
        given = (entity.table is not None) + (entity.query is not None)
        if self.database is not None and given != 1:
            raise Fault("the source has 'database', so the entity needs 'table' or 'query', and not both.", "entities", name)
        if self.database is None and (given or isinstance(entity.deletions, KeysFile)):
            raise Fault("'table', 'query' and deletions of kind keys go with 'database', which is missing.", "entities", name)
        if isinstance(entity.deletions, KeysFile) and entity.model != "dossier":
            raise Fault("deletions of kind keys go with the model dossier.", "entities", name, "deletions")


ITEM_TYPES = get_args(ItemType)
OTHERWISE = get_args(Otherwise)
MODES = get_args(Mode)
ROWS = get_args(Rows)
WORKBOOKS = get_args(Workbook)
SETTINGS = tuple(SettingsFile.model_fields)
UNIT_KEYS = tuple(UnitFile.model_fields)
