"""The objects that the program uses for the content of a profile: entities, columns, transport, files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cchc.authority import authority
from cchc.errors import NotConfigured
from cchc.sources.number_signs import Signs
from cchc.sources.profile_file import DEADLINE_HOURS
from cchc.sources.time_patterns import Rules
from cchc.sources.times import Reading
from cchc.sources.where import Condition


@dataclass(frozen=True)
class DatedName:
    """A name that a field has in the files of some years; without `first` or `last` there is no bound."""

    name: str
    first: int | None
    last: int | None

    def holds_in(self, year: int) -> bool:
        """Whether it is a name of the field in a file of this year."""
        return (self.first is None or self.first <= year) and (self.last is None or year <= self.last)

    @property
    def years(self) -> str:
        """Its years in words."""
        if self.first is None:
            return f"up to {self.last}"
        return f"from {self.first} on" if self.last is None else f"from {self.first} to {self.last}"


@dataclass(frozen=True)
class Column:
    """How one column is filled. `name` is the column of the staging table, or the field of a list's item.

    A value that is not missing goes through `extract` (the first match; without a match the value is missing), then through `codes`
    (`otherwise`, for a value that is not in the map: keep it, treat it as missing (null), or as unreadable). A value that is missing
    after that becomes `default`.

    `source`: the delivered field; None for `const` and `file`. `type` is only used inside a list; otherwise the staging table decides.
    `items`: the fields of a list field. `flag`: a second column for whether `shift_12h_onto` moved the time. `optional`: the column
    may be absent from a delivery, for the `reason` given with it. `aliases`: other names of `source`, of which a file has exactly one.
    """

    name: str
    source: str | None = None
    type: str = "text"
    critical: bool = False
    extract: str | None = None
    default: str | None = None
    present: tuple[str, str] | None = None
    const: str | None = None
    codes: dict[str, str] | None = None
    otherwise: str = "keep"
    thousands: str | None = None
    formats: tuple[str, ...] | None = None
    personal: str | None = None
    items: tuple[Column, ...] | None = None
    shift_12h_onto: str | None = None
    flag: str | None = None
    file: str | None = None
    optional: bool = False
    reason: str | None = None
    # not in the repr, by which a blocked file is known: a file is judged without them
    decimal: str | None = field(default=None, repr=False)
    ignore_offset: bool | None = field(default=None, repr=False)
    extract_as: str | None = field(default=None, repr=False)
    pick: str = field(default="last", repr=False)
    loose_codes: bool = field(default=False, repr=False)
    true_words: tuple[str, ...] = field(default=(), repr=False)
    false_words: tuple[str, ...] = field(default=(), repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)
    dated_names: tuple[DatedName, ...] = field(default=(), repr=False)
    signs: Signs = field(default=Signs(), repr=False)

    @property
    def landed(self) -> str:
        """The name under which its field lands; of an event log a field may land several times, for different values of it."""
        own = f" ({self.thousands or ''}{self.decimal or ''}{self.signs.words})" if self.pick == "sum" else ""
        own = f" ({self.name})" if self.pick in ("min", "max") else own
        return (self.source or "") if self.pick == "last" else f"{self.source} [{self.pick}]{own}"


@dataclass(frozen=True)
class Secret:
    """Which records are never stored: those whose `field` is missing or not in `open`. `unit`: the field by which they are counted."""

    field: str
    open: tuple[str, ...]
    unit: str


@dataclass(frozen=True)
class Deletions:
    """How deletions become known. `months`: how many of the last months are asked for; None means all.

    `path`: where the lists are over HTTP; empty if the keys are read from a database.
    """

    kind: str
    path: str
    months: int | None


@dataclass(frozen=True)
class Sequence:
    """The field with the number by which changes are asked for, and how many numbers earlier the next extract begins."""

    field: str
    overlap: int


@dataclass(frozen=True)
class Each:
    """Each element of `list` is a row; `parent_key`: the fields that identify the record which has the list."""

    list: str
    parent_key: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class End:
    """Where the table of a file ends: at the first row that one of the first three rules finds (profile_layout.py)."""

    begins_with: tuple[str, ...] = ()
    empty_key: bool = False
    empty_row: bool = False
    required: bool = False
    tables_below: bool = False


@dataclass(frozen=True)
class Layout:
    """How a table stands in a file (profile_layout.py). `header_row` None: the header is found by its names."""

    header_row: int | None = None
    header_rows: int = 1
    below_header: int = 0
    names: tuple[str, ...] = ()
    end: End | None = None
    not_records: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    delimiter: str | None = None
    quote: str = '"'
    encodings: tuple[str, ...] = ()
    open_end: bool = False
    fixed_width: tuple[tuple[int, int], ...] = ()
    short_lines: bool = False


@dataclass(frozen=True)
class Entity:
    """One kind of record of a source. `suite`: the name of its rules; by default those of its `model`.

    `changed_at`: the delivered field of the change time. If it is None, known_at of the extract counts, or, with `changed_by_file`, the
    day in the name of the file. `records`: the place of the records in a document. `table`: the table or view of a database, or
    `query`: the text of the SQL file `query_file`. `layout`: how its table stands in a file, if it is not one header and its rows.
    """

    name: str
    model: str
    suite: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    key_else: tuple[str, ...] | None = None
    waived_rules: dict[str, str] = field(default_factory=dict)
    file_pattern: str | None = None
    path: str | None = None
    changed_at: str | None = None
    changed_at_critical: bool = False
    changed_by_file: bool = False
    mode: str = "window"
    rows: str = "record"
    each: Each | None = None
    deletions: Deletions | None = None
    secret: Secret | None = None
    # not in the repr, by which a blocked file is known, so that the files of before stay known; `judged_by` adds those that are used
    records: str | None = field(default=None, repr=False)
    table: str | None = field(default=None, repr=False)
    query: str | None = field(default=None, repr=False)
    query_file: str | None = field(default=None, repr=False)
    layout: Layout | None = field(default=None, repr=False)
    where: tuple[Condition, ...] = field(default=(), repr=False)
    changed_at_formats: tuple[str, ...] | None = field(default=None, repr=False)
    changed_at_ignore_offset: bool | None = field(default=None, repr=False)
    known_fields: tuple[str, ...] = field(default=(), repr=False)
    sequence: Sequence | None = field(default=None, repr=False)
    out_of_years: dict[str, str] = field(default_factory=dict, repr=False)

    def in_year(self, year: int) -> Entity:
        """The entity as it reads a file of a year: without the names that do not hold in it, which `out_of_years` has with their years."""
        others = {
            each.name: f"{each.name} is a name of {column.source} ({column.name}) {each.years}"
            for column in self.columns
            for each in column.dated_names
            if not any(same.name == each.name and same.holds_in(year) for same in column.dated_names)
        }
        if not others:
            return self
        columns = (replace(column, aliases=tuple(name for name in column.aliases if name not in others)) for column in self.columns)
        return replace(self, columns=tuple(columns), out_of_years=others)

    @property
    def has_window(self) -> bool:
        """Whether a database can be asked for what changed alone, by a time or by a number."""
        return self.changed_at is not None or self.sequence is not None

    @property
    def wire_fields(self) -> dict[str, Column | None]:
        """The fields that may land, each with the (first) column that it fills; None for a field that is only a key or a change time."""
        fields: dict[str, Column | None] = {}
        for column in self.columns:
            if column.source is not None:
                fields.setdefault(column.source, column)
        for name in (*self.key, *(self.key_else or ()), *((self.changed_at,) if self.changed_at else ())):
            fields.setdefault(name, None)
        return fields

    @property
    def table_columns(self) -> tuple[str, ...]:
        """The columns of a table that are used: those that land, and those by which records are judged."""
        return tuple(dict.fromkeys([*(name for name in self.fields if name in self.wire_fields), *self.judging_fields]))

    @property
    def judged_by(self) -> tuple[Any, ...]:
        """What of the entity decides whether a file can be read. What it does not use is not in it, so the files of before stay known."""
        return (self, *(each for each in (self.layout, self.records, self.where, self.aliases, self.dated_names) if each))

    @property
    def aliases(self) -> dict[str, str]:
        """The other names of fields, each with the name by which the field is known."""
        return {alias: column.source for column in self.columns for alias in column.aliases if column.source is not None}

    def in_contract(self, name: str) -> bool | None:
        """Whether the source's contract has a field: it is used, or among `known_fields`. None where the profile has no such list."""
        return name in self.fields or name in self.known_fields if self.known_fields else None

    @property
    def dated_names(self) -> tuple[DatedName, ...]:
        """The names of fields that hold for some years."""
        return tuple(each for column in self.columns for each in column.dated_names)

    @property
    def key_list(self) -> Entity:
        """The answers of /keys as an entity. Its records have the fields "month", the key field and "DeletedOn".

        Code and time are read as those of the records: otherwise the codes would be those of no dossier, and every dossier would count as
        deleted.
        """
        own = {column.name: replace(column, pick="last", critical=False, optional=False) for column in self.columns if column.source}
        columns = (
            own.get("dossier_code", Column("dossier_code", self.key[0])),
            Column("month_start", "month", formats=("yyyy-MM",)),
            own.get("deleted_at", Column("deleted_at", "DeletedOn")),
        )
        return Entity(f"{self.name}.keys", f"{self.model}_key", f"{self.model}_key", self.key[:1], columns, mode="list")

    @property
    def picked(self) -> dict[str, str]:
        """The names under which fields land that a column takes of other rows than the last, each with the column."""
        return {column.landed: column.name for column in self.columns if column.source is not None and column.landed != column.source}

    @property
    def hashed(self) -> frozenset[str]:
        """The fields, also `list.field`, that land as a keyed hash."""
        found = {column.source for column in self.columns if column.personal and column.source is not None}
        lists = ((column.source, item) for column in self.columns for item in column.items or ())
        return frozenset(found | {f"{name}.{item.source}" for name, item in lists if item.personal and item.source is not None})

    @property
    def judging_fields(self) -> tuple[str, ...]:
        """The fields by which records are judged before they land: those of secrecy and of the row filter. They need not land."""
        secret = () if self.secret is None else (self.secret.field, self.secret.unit)
        numbers = () if self.sequence is None else (self.sequence.field,)
        return tuple(dict.fromkeys((*secret, *(condition.field for condition in self.where), *numbers)))

    @property
    def fields(self) -> dict[str, str]:
        """Every used field (`list.field` for the objects of a list) with the columns that it fills, or its other use."""
        uses: dict[str, list[str]] = {}
        for column in self.columns:
            if column.source is not None:
                uses.setdefault(column.source, []).append(column.name)
                for item in column.items or ():
                    if item.source is not None:
                        uses.setdefault(f"{column.source}.{item.source}", []).append(f"{column.name}.{item.name}")
        others = {name: "key" for name in (*self.key, *(self.key_else or ()))}
        if self.changed_at is not None:
            others[self.changed_at] = "change time"
        if self.secret is not None:
            others |= {self.secret.field: "secrecy", self.secret.unit: "unit of a secret record"}
        others = {condition.field: "row filter" for condition in self.where} | others
        if self.sequence is not None:
            others.setdefault(self.sequence.field, "number of the change")
        return {name: ", ".join(names) for name, names in uses.items()} | {name: use for name, use in others.items() if name not in uses}

    @property
    def optional_fields(self) -> frozenset[str]:
        """The fields, also `list.field`, that may be absent from a delivery because they only fill optional columns."""
        optional: dict[str, bool] = dict.fromkeys((*self.key, *(self.key_else or ()), self.changed_at or ""), False)
        if self.secret is not None:
            optional |= {self.secret.field: False, self.secret.unit: False}
        optional |= dict.fromkeys((condition.field for condition in self.where), False)
        if self.sequence is not None:
            optional[self.sequence.field] = False
        for column in self.columns:
            if column.source is not None:
                optional[column.source] = optional.get(column.source, True) and column.optional
                for item in column.items or ():
                    name = f"{column.source}.{item.source}"
                    optional[name] = optional.get(name, True) and (item.optional or column.optional)
        return frozenset(name for name, is_optional in optional.items() if is_optional)

    @property
    def critical_fields(self) -> frozenset[str]:
        """The fields without which no record can be checked: those of the key, the critical columns and a critical change time."""
        fields = {column.source for column in self.columns if column.critical and column.source is not None}
        if self.key_else is None:
            fields |= set(self.key)
        if self.changed_at is not None and self.changed_at_critical:
            fields.add(self.changed_at)
        if self.sequence is not None:
            fields.add(self.sequence.field)
        return frozenset(fields)

    @property
    def vendor_fields(self) -> dict[str, str]:
        """Each column of the model with the field that fills it; for items of a list `papers.is_digitized` → `TaiLieuNop.DuocSoHoa`."""
        fields = {} if self.changed_at is None else {"_changed_at": self.changed_at}
        for column in self.columns:
            if column.source is not None:
                fields[column.name] = column.source
                fields |= {f"{column.name}.{item.name}": f"{column.source}.{item.source}" for item in column.items or () if item.source}
        return fields


@dataclass(frozen=True)
class Auth:
    """How a source knows who asks; `kind` is one of the kinds of profile_http.py.

    `path`: where a token is. `header`, `scheme`: the header of a key or token, and the word before it. `parameter`: the parameter of a key
    in the query. `body`, `token`: the request of a login, and the place of the token in its answer. `form`, `timestamp_seconds`,
    `must_understand`: how a token of WS-Security is written.
    """

    kind: str
    path: str = "/token"
    header: str = "X-API-Key"
    parameter: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    token: str = "access_token"  # noqa: S105  # the name of a key
    scheme: str = "Bearer"
    form: str = "digest"
    timestamp_seconds: int | None = None
    must_understand: bool = True

    @property
    def expires(self) -> bool:
        """Whether the token may expire, so that a new one is asked for."""
        return self.kind in ("oauth_client_credentials", "login")


@dataclass(frozen=True)
class Paginator:
    """How an answer is cut into pages; `kind` is one of the kinds of profile_http.py.

    All names are those of the source; an empty one is not sent, or not in the answer. `data`, `total` and `next` are keys or paths of the
    answer. `times` and `end`: how the window is written.
    """

    kind: str
    size: int | None
    from_parameter: str
    to_parameter: str
    data: str
    total: str
    next: str = ""
    times: str = "iso"
    end: str = "excluded"
    beginning: date | None = None
    total_header: str | None = None
    next_header: str | None = None
    absent_at_end: bool = False
    size_parameter: str = ""
    place_parameter: str = ""
    first: int = 0
    full_pages: bool = False
    read_twice: bool = False

    @property
    def has_total(self) -> bool:
        """Whether the source tells the number of records."""
        return bool(self.total or self.total_header)


@dataclass(frozen=True)
class Http:
    """How a source answers over HTTP. `body`: the template of a request by POST, of JSON or, as a text, of XML. `answers`: json or xml."""

    auth: Auth
    path: str
    paginator: Paginator
    timeout_seconds: float = 60.0
    retries: int = 6
    parameters: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | str | None = None
    requests_per_second: float | None = None
    answers: str = "json"


@dataclass(frozen=True)
class Database:
    """How the tables of a database are read: the seconds for one statement, and how many rows are fetched at once."""

    statement_timeout_seconds: float = 600.0
    batch_rows: int = 1000


@dataclass(frozen=True)
class FileManifest:
    """The manifest beside a delivered file: the names of its fields, and which rows are in the sum of its amounts."""

    suffix: str
    file: str
    rows: str
    amount: str
    sha256: str
    revision: str
    amount_field: str
    amount_where: dict[str, str]


@dataclass(frozen=True)
class Files:
    """How a source comes as files. If `delimiter` is None, it is detected (, or ;). `name_words`: `name` as the profile writes it."""

    delimiter: str | None = None
    encoding: str = "utf-8-sig"
    trailer: str | None = None
    thousands: str | None = None
    sheet: str | None = None
    name: str | None = None
    manifest: FileManifest | None = None
    full: bool = True
    workbook: str | None = None
    newest_within_days: int | None = None
    # not in the repr, by which a blocked file is known: they say which files are read, not how
    subfolders: bool = field(default=False, repr=False)
    archives: bool = field(default=False, repr=False)
    decimal: str | None = field(default=None, repr=False)
    name_words: str | None = field(default=None, repr=False)
    no_manifest: str | None = field(default=None, repr=False)
    signs: Signs = field(default=Signs(), repr=False)


@dataclass(frozen=True)
class Profile:
    """One source. `entities` in the order of the file."""

    source: str
    name_vi: str
    owner: str
    zone: str
    schedule: str | None
    overlap_hours: int
    missing: tuple[str, ...]
    time_formats: tuple[str, ...]
    entities: dict[str, Entity]
    settings: dict[str, float] = field(default_factory=dict)
    http: Http | None = None
    files: Files | None = None
    units: tuple[dict[str, str], ...] = ()
    first_day: date | None = None
    deadline_hours: float = DEADLINE_HOURS
    database: Database | None = None
    ignore_offset: bool = False
    two_digit_years_from: int | None = None
    unreadable: str = "critical"
    contract: str | None = None

    def reading(self, column: Column | None = None) -> Reading:
        """How the times of a column are read; without one, as the profile says for all."""
        if column is None:
            return self._reading(None, None)
        return self._reading(column.formats, column.ignore_offset)

    def clock(self, entity: Entity) -> Reading:
        """How the change times of an entity are read."""
        return self._reading(entity.changed_at_formats, entity.changed_at_ignore_offset)

    def _reading(self, formats: tuple[str, ...] | None, ignore_offset: bool | None) -> Reading:
        ignores = self.ignore_offset if ignore_offset is None else ignore_offset
        return Reading(formats or self.time_formats, Rules(self.zone_info, self.two_digit_years_from, ignores))

    @property
    def is_by_day(self) -> bool:
        """Whether some of it is asked for day by day, so that T is a midnight."""
        return any(entity.mode == "days" for entity in self.entities.values())

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone in which this source writes times and days."""
        return ZoneInfo(self.zone)

    @property
    def zone_of_days(self) -> ZoneInfo:
        """The zone in which the days of its dossiers are judged: that of the authority, whatever zone the source writes its times in.

        A source with a tree of units of its own, a neighbour's, is judged by the days that hold there.
        """
        is_neighbour = any(not unit.get("parent_code") for unit in self.units)
        return ZoneInfo(self.zone if is_neighbour else authority().zone)

    def with_entities(self, names: list[str] | None) -> Profile:
        """This profile with only the entities `names` (None: all). Raises NotConfigured if it does not have one of them."""
        if names is None:
            return self
        for name in names:
            if name not in self.entities:
                raise NotConfigured(f"Source {self.source} has no entity {name!r}. It has: {', '.join(self.entities)}.")
        return replace(self, entities={name: entity for name, entity in self.entities.items() if name in names})
