"""Profiles: everything that is particular to one source, as data (include/sources/<source>.yaml).

A new system or another vendor's export is one such file and no code. The reader is strict: an unknown key, a missing one or
a value of the wrong type raises NotConfigured and names the file, the place in it and the keys that are allowed there.

Beyond what the agreed outline shows, these keys exist:

* entity `key_else`: the key fields of a record whose `key` lacks a part (payments.md: a try that never reached the gateway);
* entity `changed_at: {from: FIELD, critical: true}`: the long form, where an unreadable change time is critical (K3);
* entity `changed_at: {file: date}`: a record changes when its file says so: 00:00 of the day in the file's name (secondary.md);
* entity `path`: where its path is not the source's `http.path`;
* column `formats: [dd/MM/yyyy]`: the only time formats of this field, instead of the source's (documents.md: NgayBanHanh);
* `files.name`: a regular expression with the groups `date` and `revision` for files that carry their day in the name;
* `first_day`: the first day that the source is expected to have; a window from there on leaves nothing out (else only a whole extract);
* `files.newest_within_days`: a run by the clock fails where the newest file is older than that (the sender stopped, or a clock is wrong);
* column `optional: true` with `reason: …`: a table may lack it, and the field may be in none of the records of a delivery. Where a table
  lacks it the column stays null: `default` stands in for an empty value, never for a column that is not there. Every other column must be
  in the header of every table, or the file is blocked;
* `files.workbook`: workbooks are read cell by cell, and a fault in one blocks the file with its address (secondary.md, declared figures).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from cchc.errors import NotConfigured
from cchc.sources.needs import check_needs

DEADLINE_HOURS = 6.0  # a run at 01:15 is late at 07:15, before the offices open
LONGEST_NAME = 40  # PostgreSQL cuts longer names of tables off without a word
ITEM_TYPES = ("text", "flag", "integer", "time")
OTHERWISE = ("keep", "null", "unreadable")
MODES = ("window", "list")
ROWS = ("record", "event")
WORKBOOKS = ("declared",)
SETTINGS = ("quarantine_share", "quarantine_rows", "batch_factor", "first_delivery_rows")
UNIT_KEYS = ("unit_code", "name", "level", "kind", "parent_code", "valid_from", "valid_to")
_REQUIRED: Any = object()
_TYPE_WORDS = {str: "text (quote it)", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "a mapping"}


@dataclass(frozen=True)
class Column:
    """How one column is filled. `name` is the column of the staging table, or the field of a list's item.

    The value of a field that is not missing goes through `extract` (first match; none = missing), then `codes` (`otherwise` for one
    that is not in the map: keep it, take it as missing (null), or call it unreadable); one that is missing by then becomes `default`.

    `source` is the wire field; None for `const`, `file`. `type` only matters inside a list: at the top the staging table decides.
    `items` is filled for a list field. `flag` names a second column that tells whether `shift_12h_onto` moved the time. `optional`
    columns need not be in a delivery, for the `reason` that stands beside.
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


@dataclass(frozen=True)
class Secret:
    """Which records may never be stored: `field` not in `open`, or missing. `unit` is the field they are counted by."""

    field: str
    open: tuple[str, ...]
    unit: str


@dataclass(frozen=True)
class Deletions:
    """How deletions are learnt. `months` None asks for every month, n for the last n."""

    kind: str
    path: str
    months: int | None


@dataclass(frozen=True)
class Entity:
    """One kind of record of a source. `suite` names its rules: those of its `model` unless the profile says otherwise.

    `changed_at` is the wire field of the change time; None: T of the extract counts, or, with `changed_by_file`, the day in the file's
    name.
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
    deletions: Deletions | None = None
    secret: Secret | None = None

    @property
    def wire_fields(self) -> dict[str, Column | None]:
        """The allow-list of landing: wire field → the column it feeds (the first one); None for one that is only key or clock."""
        fields: dict[str, Column | None] = {}
        for column in self.columns:
            if column.source is not None:
                fields.setdefault(column.source, column)
        for name in (*self.key, *(self.key_else or ()), *((self.changed_at,) if self.changed_at else ())):
            fields.setdefault(name, None)
        return fields

    @property
    def key_list(self) -> Entity:
        """The answers of /keys as an entity: lines {"month", the key field, "DeletedOn"}."""
        deleted = next((column.source for column in self.columns if column.name == "deleted_at"), None)
        columns = (
            Column("dossier_code", self.key[0]),
            Column("month_start", "month", formats=("yyyy-MM",)),
            Column("deleted_at", deleted or "DeletedOn"),
        )
        return Entity(f"{self.name}.keys", f"{self.model}_key", f"{self.model}_key", self.key[:1], columns, mode="list")

    @property
    def fields(self) -> dict[str, str]:
        """Every wire field that is used (`list.field` in the objects of a list) → the columns that it fills, or key, change time …"""
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
        return {name: ", ".join(names) for name, names in uses.items()} | {name: use for name, use in others.items() if name not in uses}

    @property
    def optional_fields(self) -> frozenset[str]:
        """The wire fields, also `list.field`, that a delivery may lack: they fill optional columns alone."""
        optional: dict[str, bool] = dict.fromkeys((*self.key, *(self.key_else or ()), self.changed_at or ""), False)
        if self.secret is not None:
            optional |= {self.secret.field: False, self.secret.unit: False}
        for column in self.columns:
            if column.source is not None:
                optional[column.source] = optional.get(column.source, True) and column.optional
                for item in column.items or ():
                    name = f"{column.source}.{item.source}"
                    optional[name] = optional.get(name, True) and (item.optional or column.optional)
        return frozenset(name for name, is_optional in optional.items() if is_optional)

    @property
    def critical_fields(self) -> frozenset[str]:
        """The wire fields without which no record can be judged: of the key, the critical columns and a critical change time."""
        fields = {column.source for column in self.columns if column.critical and column.source is not None}
        if self.key_else is None:
            fields |= set(self.key)
        if self.changed_at is not None and self.changed_at_critical:
            fields.add(self.changed_at)
        return frozenset(fields)

    @property
    def vendor_fields(self) -> dict[str, str]:
        """The model's column → the wire field that fills it; of the items of a list `papers.is_digitized` → `TaiLieuNop.DuocSoHoa`."""
        fields = {} if self.changed_at is None else {"_changed_at": self.changed_at}
        for column in self.columns:
            if column.source is not None:
                fields[column.name] = column.source
                fields |= {f"{column.name}.{item.name}": f"{column.source}.{item.source}" for item in column.items or () if item.source}
        return fields


@dataclass(frozen=True)
class Auth:
    """`oauth_client_credentials` (token at `path`) or `api_key` (in `header`)."""

    kind: str
    path: str = "/token"
    header: str = "X-API-Key"


@dataclass(frozen=True)
class Paginator:
    """`cursor` (opaque cursor, half-open window of instants) or `page_number` (pages from 0, inclusive local days).

    `from_parameter`, `to_parameter`, `data`, `total`, `next` are names on the wire.
    """

    kind: str
    size: int
    from_parameter: str
    to_parameter: str
    data: str
    total: str
    next: str


@dataclass(frozen=True)
class Http:
    """How a source answers over HTTP."""

    auth: Auth
    path: str
    paginator: Paginator
    timeout_seconds: float = 60.0
    retries: int = 6


@dataclass(frozen=True)
class FileManifest:
    """The manifest beside a delivered file (payments.md): names of its fields, and what its amount sums over."""

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
    """How a source comes as files. `delimiter` None: sniffed between , and ;."""

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

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone of local times and local dates of this source."""
        return ZoneInfo(self.zone)

    def with_entities(self, names: list[str] | None) -> Profile:
        """This profile with only the entities `names` (None = all). Raises NotConfigured for one it does not have."""
        if names is None:
            return self
        for name in names:
            if name not in self.entities:
                raise NotConfigured(f"Source {self.source} has no entity {name!r}. It has: {', '.join(self.entities)}.")
        return replace(self, entities={name: entity for name, entity in self.entities.items() if name in names})


class _Map:
    """One mapping of a profile, taken key by key; `done` refuses what nobody asked for."""

    def __init__(self, data: Any, where: str):
        self.where = where
        if not isinstance(data, dict):
            raise NotConfigured(f"{where}: expected a mapping, found {type(data).__name__}.")
        self.data = data
        self.asked: list[str] = []

    def take(self, key: str, kind: type, default: Any = _REQUIRED) -> Any:
        """The value of `key`, of type `kind`; `default` where it is absent or null."""
        self.asked.append(key)
        value = self.data.get(key)
        if value is None:
            if default is _REQUIRED:
                raise NotConfigured(f"{self.where}: the key {key!r} is missing. There are: {', '.join(map(str, self.data)) or 'none'}.")
            return default
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise NotConfigured(f"{self.where}: {key!r} must be {_TYPE_WORDS[kind]}, found {value!r}.")
        return value

    def texts(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """The list of texts under `key`."""
        values = self.take(key, list, default)
        for value in values:
            if not isinstance(value, str):
                raise NotConfigured(f"{self.where}: {key!r} must be a list of texts, found {value!r} in it (quote it).")
        return tuple(values)

    def pairs(self, key: str, default: Any = _REQUIRED) -> dict[str, str]:
        """The mapping text → text under `key`."""
        values = self.take(key, dict, default)
        for pair in values.items():
            for value in pair:
                if not isinstance(value, str):
                    raise NotConfigured(f"{self.where}: {key!r} must map texts to texts, found {value!r} in it (quote it).")
        return dict(values)

    def one_of(self, key: str, allowed: tuple[str, ...], default: Any = _REQUIRED) -> str:
        """The text under `key`, one of `allowed`."""
        value: str = self.take(key, str, default)
        if value not in allowed:
            raise NotConfigured(f"{self.where}: {key!r} is {value!r}. Allowed: {', '.join(allowed)}.")
        return value

    def map(self, key: str) -> _Map | None:
        """The mapping under `key`, or None."""
        value = self.take(key, dict, None)
        return None if value is None else _Map(value, f"{self.where} {key}")

    def done(self) -> None:
        """Refuses keys that nobody took."""
        for key in self.data:
            if key not in self.asked:
                raise NotConfigured(f"{self.where}: unknown key {key!r}. Allowed: {', '.join(sorted(self.asked))}.")


def list_profiles(sources_dir: Path) -> list[str]:
    """The names of the sources that have a profile in `sources_dir`, sorted."""
    return sorted(path.stem for path in Path(sources_dir).glob("*.yaml"))


def load_profile(sources_dir: Path, source: str) -> Profile:
    """The profile of `source`. Raises NotConfigured if it is not there, is not YAML, or breaks the rules of this module."""
    path = Path(sources_dir) / f"{source}.yaml"
    if not path.is_file():
        raise NotConfigured(
            f"There is no profile {path.name} in {sources_dir}. Sources there: {', '.join(list_profiles(sources_dir)) or 'none'}."
        )
    return read_profile(path)


def read_profile(path: Path) -> Profile:
    """The profile in the file `path`, checked."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise NotConfigured(f"{path.name} is not YAML: {error}") from error
    top = _Map(data, path.name)
    source = top.take("source", str)
    if source != path.stem or not re.fullmatch(r"[a-z][a-z0-9_]*", source):
        raise NotConfigured(f"{path.name}: 'source' is {source!r}; it must be {path.stem!r}, in lower-case letters, digits and _.")
    zone = top.take("zone", str)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise NotConfigured(f"{path.name}: zone {zone!r} is not a time zone of the IANA list, such as Asia/Ho_Chi_Minh.") from error
    schedule = top.take("schedule", str, None)
    if schedule is not None and len(schedule.split()) != 5:
        raise NotConfigured(f"{path.name}: schedule {schedule!r} is not a cron expression of five fields.")
    overlap_hours = top.take("overlap_hours", int, 24)
    deadline_hours = top.take("deadline_hours", float, DEADLINE_HOURS)
    if deadline_hours <= 0:
        raise NotConfigured(
            f"{path.name}: 'deadline_hours' is {deadline_hours:g}; it must be more than 0: the hours after which a run of this source "
            "is late and people are told."
        )
    missing = top.texts("missing", [""])
    time_formats = top.texts("time_formats", ["iso"])
    _check_formats(time_formats, path.name)
    settings = _settings(top)
    http = _http(top.map("http"))
    files = _files(top.map("files"))
    units = tuple(_unit(unit, path.name) for unit in top.take("units", list, []))
    first_day = _day(top, "first_day")
    entity_maps = top.take("entities", dict)
    name_vi, owner = top.take("name_vi", str), top.take("owner", str)
    top.done()
    if http is None and files is None:
        raise NotConfigured(f"{path.name}: neither 'http' nor 'files' says how the source is read.")
    entities = {}
    for name, body in entity_maps.items():
        where = f"{path.name} entity {name}"
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise NotConfigured(f"{where}: the name of an entity is lower-case letters, digits and _.")
        entities[name] = _entity(name, _Map(body, where), files)
        check_needs(entities[name], files, path.name)
    if not entities:
        raise NotConfigured(f"{path.name}: 'entities' is empty.")
    return Profile(
        source=source,
        name_vi=name_vi,
        owner=owner,
        zone=zone,
        schedule=schedule,
        overlap_hours=overlap_hours,
        missing=missing,
        time_formats=time_formats,
        entities=entities,
        settings=settings,
        http=http,
        files=files,
        units=units,
        first_day=first_day,
        deadline_hours=deadline_hours,
    )


def _day(section: _Map, key: str) -> date | None:
    """A day under `key`; YAML reads 2023-01-01 as one by itself."""
    section.asked.append(key)
    value = section.data.get(key)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise NotConfigured(f"{section.where}: {key!r} must be a day YYYY-MM-DD, found {value!r}.") from None


def _settings(top: _Map) -> dict[str, float]:
    settings = top.map("settings")
    if settings is None:
        return {}
    values = {key: settings.take(key, float, None) for key in SETTINGS}
    settings.done()
    return {key: value for key, value in values.items() if value is not None}


def _check_formats(formats: tuple[str, ...], where: str) -> None:
    for pattern in formats:
        rest = re.sub("yyyy|MM|dd|HH|mm|ss", "", pattern)
        if pattern != "iso" and (re.search("[A-Za-z]", rest) or "yyyy" not in pattern or "MM" not in pattern or "dd" not in pattern):
            raise NotConfigured(f"{where}: time format {pattern!r} is neither iso nor a pattern of yyyy MM dd HH mm ss.")


def _http(section: _Map | None) -> Http | None:
    if section is None:
        return None
    auth_map = section.map("auth")
    if auth_map is None:
        raise NotConfigured(f"{section.where}: the key 'auth' is missing.")
    kind = auth_map.one_of("kind", ("oauth_client_credentials", "api_key"))
    auth = (
        Auth(kind, auth_map.take("path", str, "/token"))
        if kind != "api_key"
        else Auth(kind, header=auth_map.take("header", str, "X-API-Key"))
    )
    auth_map.done()
    pages = section.map("paginator")
    if pages is None:
        raise NotConfigured(f"{section.where}: the key 'paginator' is missing.")
    cursor = pages.one_of("kind", ("cursor", "page_number")) == "cursor"
    paginator = Paginator(
        kind="cursor" if cursor else "page_number",
        size=pages.take("limit" if cursor else "size", int),
        from_parameter=pages.take("from", str, "changed_from" if cursor else "from"),
        to_parameter=pages.take("to", str, "changed_to" if cursor else "to"),
        data=pages.take("data", str, "data" if cursor else "content"),
        total=pages.take("total", str, "total" if cursor else "totalElements"),
        next=pages.take("next", str, "next_cursor") if cursor else "",
    )
    if paginator.size < 1:
        raise NotConfigured(f"{pages.where}: a page holds at least one record, not {paginator.size}.")
    pages.done()
    http = Http(auth, section.take("path", str), paginator, section.take("timeout_seconds", float, 60.0), section.take("retries", int, 6))
    if "{entity}" not in http.path:
        raise NotConfigured(f"{section.where}: 'path' must contain {{entity}}, found {http.path!r}.")
    section.done()
    return http


def _files(section: _Map | None) -> Files | None:
    if section is None:
        return None
    formats = section.map("formats")
    files = Files(name=section.take("name", str, None), full=section.take("full", bool, True), manifest=_manifest(section.map("manifest")))
    if "whole_header" in section.data:
        raise NotConfigured(
            f"{section.where}: take the key 'whole_header' out. Every table is read so now: one that lacks a column of the profile is "
            "blocked, unless the column says optional: true with a reason."
        )
    if files.name is not None:
        groups = _compiled(files.name, section.where).groupindex
        if "date" not in groups:
            raise NotConfigured(f"{section.where}: 'name' needs the group (?P<date>…), and may have (?P<revision>…).")
    within = section.take("newest_within_days", int, None)
    if within is not None and (within < 1 or files.name is None):
        raise NotConfigured(
            f"{section.where}: 'newest_within_days' is a number of days from 1, and needs 'name', which finds the files' day."
        )
    files = replace(files, newest_within_days=within)
    if section.data.get("workbook") is not None:
        files = replace(files, workbook=section.one_of("workbook", WORKBOOKS))
        if files.name is None or "unit" not in _compiled(files.name, section.where).groupindex:
            raise NotConfigured(f"{section.where}: 'workbook' needs 'name' with the groups (?P<unit>…) and (?P<date>…), a month.")
    section.done()
    if formats is not None:
        files = replace(
            files,
            delimiter=formats.take("delimiter", str, None),
            encoding=formats.take("encoding", str, "utf-8-sig"),
            trailer=formats.take("trailer", str, None),
            thousands=formats.take("thousands", str, None),
            sheet=formats.take("sheet", str, None),
        )
        formats.done()
        try:
            "".encode(files.encoding)
        except LookupError as error:
            raise NotConfigured(f"{formats.where}: encoding {files.encoding!r} is not known.") from error
        if files.delimiter is not None and len(files.delimiter) != 1:
            raise NotConfigured(f"{formats.where}: a delimiter is one character, not {files.delimiter!r}.")
    if files.manifest is not None and files.name is None:
        raise NotConfigured(f"{section.where}: files with a manifest need 'name', which finds day and revision in the file's name.")
    return files


def _manifest(section: _Map | None) -> FileManifest | None:
    if section is None:
        return None
    manifest = FileManifest(
        suffix=section.take("suffix", str, ".json"),
        file=section.take("file", str, "file"),
        rows=section.take("rows", str, "rows"),
        amount=section.take("amount", str, "amount"),
        sha256=section.take("sha256", str, "sha256"),
        revision=section.take("revision", str, "revision"),
        amount_field=section.take("amount_field", str),
        amount_where=section.pairs("amount_where", {}),
    )
    section.done()
    return manifest


def _unit(body: Any, file: str) -> dict[str, str]:
    unit = _Map(body, f"{file} units")
    values = {key: unit.take(key, str, _REQUIRED if key in UNIT_KEYS[:4] else None) for key in UNIT_KEYS}
    unit.done()
    return {key: value for key, value in values.items() if value is not None}


def _entity(name: str, body: _Map, files: Files | None) -> Entity:
    changed_at, critical, by_file = body.data.get("changed_at"), False, False
    clock = body.map("changed_at") if isinstance(changed_at, dict) else None
    if clock is not None:
        by_file = clock.data.get("file") is not None
        if by_file:
            changed_at = None
            clock.one_of("file", ("date",))
        else:
            changed_at, critical = clock.take("from", str), clock.take("critical", bool, False)
        clock.done()
        if by_file and (files is None or files.name is None):
            raise NotConfigured(f"{clock.where}: 'file' needs 'files' with 'name', which finds the day in the file's name.")
    else:
        changed_at = body.take("changed_at", str, None)
    model = body.take("model", str)
    columns = tuple(_columns(body.take("columns", dict), f"{body.where} column"))
    entity = Entity(
        name=name,
        model=model,
        suite=body.take("suite", str, model),
        key=body.texts("key"),
        key_else=body.texts("key_else", []) or None,
        columns=columns,
        waived_rules=body.pairs("waived_rules", {}),
        file_pattern=body.take("file_pattern", str, None),
        path=body.take("path", str, None),
        changed_at=changed_at,
        changed_at_critical=critical,
        changed_by_file=by_file,
        mode=body.one_of("mode", MODES, "window"),
        rows=body.one_of("rows", ROWS, "record"),
        deletions=_deletions(body.map("deletions")),
        secret=_secret(body.map("secret")),
    )
    body.done()
    if len(name) > LONGEST_NAME:
        raise NotConfigured(f"{body.where}: the name of an entity has at most {LONGEST_NAME} letters: tables are named by it.")
    if not entity.key:
        raise NotConfigured(f"{body.where}: 'key' is empty.")
    if files is not None and entity.file_pattern is None:
        raise NotConfigured(f"{body.where}: the source has 'files', so the entity needs 'file_pattern'.")
    for column in columns:
        if column.optional and column.source in (*entity.key, *(entity.key_else or ()), entity.changed_at):
            raise NotConfigured(f"{body.where}: {column.source!r} is part of the key or the change time, so it cannot be optional.")
    _check_personal(entity, body.where)
    return entity


def _check_personal(entity: Entity, where: str) -> None:
    """A wire field is either keyed for every column or for none; key and clock fields are never keyed."""
    keyed = {column.source for column in entity.columns if column.personal}
    clear = {column.source for column in entity.columns if not column.personal}
    clear |= {*entity.key, *(entity.key_else or ()), entity.changed_at}
    for name in keyed & clear:
        raise NotConfigured(f"{where}: {name!r} is personal in one place and in clear in another; make it personal: hmac in all of them.")
    lists = [column.source for column in entity.columns if column.items is not None]
    if len(lists) != len(set(lists)):
        raise NotConfigured(f"{where}: a list field feeds two columns; one column takes all of its items.")


def _deletions(section: _Map | None) -> Deletions | None:
    if section is None:
        return None
    months = section.data.get("months", "all")
    section.asked.append("months")
    if months != "all" and (isinstance(months, bool) or not isinstance(months, int) or months < 1):
        raise NotConfigured(f"{section.where}: 'months' must be all or a whole number from 1, found {months!r}.")
    deletions = Deletions(section.one_of("kind", ("month_keys",)), section.take("path", str), None if months == "all" else months)
    section.done()
    return deletions


def _secret(section: _Map | None) -> Secret | None:
    if section is None:
        return None
    secret = Secret(section.take("field", str), section.texts("open"), section.take("unit", str))
    section.done()
    return secret


def _columns(body: dict[str, Any], where: str, in_list: bool = False) -> Iterator[Column]:
    for name, spec in body.items():
        here = f"{where} {name}"
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise NotConfigured(f"{here}: the name of a column is lower-case letters, digits and _.")
        if isinstance(spec, str):
            yield Column(name, spec)
        else:
            yield _column(name, _Map(spec, here), in_list)


def _column(name: str, spec: _Map, in_list: bool) -> Column:
    present = spec.texts("present", [])
    codes = spec.take("codes", dict, None)
    if "otherwise" in spec.data and spec.data["otherwise"] is None:
        spec.data["otherwise"] = "null"  # YAML reads a bare null as nothing
    items = spec.take("list", dict, None) if not in_list else None
    column = Column(
        name=name,
        source=spec.take("from", str, None),
        type=spec.one_of("type", ITEM_TYPES, "text") if in_list else "text",
        critical=spec.take("critical", bool, False),
        extract=spec.take("extract", str, None),
        default=spec.take("default", str, None),
        present=(present[0], present[1]) if len(present) == 2 else None,
        const=spec.take("const", str, None),
        codes=None if codes is None else spec.pairs("codes"),
        otherwise=spec.one_of("otherwise", OTHERWISE, "keep"),
        thousands=spec.take("thousands", str, None),
        formats=spec.texts("formats", []) or None,
        personal=spec.one_of("personal", ("hmac",)) if spec.take("personal", str, None) is not None else None,
        items=None if items is None else tuple(_columns(items, spec.where, in_list=True)),
        shift_12h_onto=spec.take("shift_12h_onto", str, None),
        flag=spec.take("flag", str, None),
        file=spec.one_of("file", ("date", "revision")) if spec.take("file", str, None) is not None else None,
        optional=spec.take("optional", bool, False),
        reason=spec.take("reason", str, None),
    )
    spec.done()
    if present and len(present) != 2:
        raise NotConfigured(f"{spec.where}: 'present' is two texts: the value when the field is there, and when it is missing.")
    if [column.source, column.const, column.file].count(None) != 2:
        raise NotConfigured(f"{spec.where}: give exactly one of 'from', 'const', 'file'.")
    if column.optional != bool((column.reason or "").strip()):
        raise NotConfigured(f"{spec.where}: 'optional: true' and 'reason' go together; the reason says why the source need not have it.")
    if column.optional and column.source is None:
        raise NotConfigured(f"{spec.where}: 'optional' goes with 'from'; what is no field of the source is never missing in it.")
    if column.extract is not None:
        _compiled(column.extract, spec.where)
    if column.formats is not None:
        _check_formats(column.formats, spec.where)
    if column.flag is not None and column.shift_12h_onto is None:
        raise NotConfigured(f"{spec.where}: 'flag' tells whether 'shift_12h_onto' moved the time; it is missing.")
    return column


def _compiled(pattern: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise NotConfigured(f"{where}: {pattern!r} is not a regular expression: {error}.") from error
