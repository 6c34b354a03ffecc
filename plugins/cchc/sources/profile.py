"""Read profiles: everything that is specific to one source, as data in include/sources/<source>.yaml.

A new system or the export of another vendor needs one such file and no code. `profile_file.py` defines the keys of the file
(docs/reference/profile.md describes them), and `profile_types.py` the objects that the program uses. The reading is strict: an unknown key,
a missing key or a value of the wrong type raises NotConfigured, which names the file, the line, the place and what is allowed there.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from unicodedata import normalize

from cchc.authority import authority
from cchc.errors import NotConfigured
from cchc.near import near
from cchc.settings import PROJECT, VINH_CUU, authority_dir
from cchc.sources.name_patterns import with_placeholders
from cchc.sources.needs import check_needs
from cchc.sources.number_signs import Signs
from cchc.sources.profile_file import (
    NAME,
    ChangedByFile,
    ChangedField,
    ColumnFile,
    ColumnKeys,
    ConditionFile,
    DatabaseFile,
    EntityFile,
    FilesFile,
    ItemFile,
    KeysFile,
    MonthKeysFile,
    ProfileFile,
)
from cchc.sources.profile_http import BasicFile, BearerFile, HttpFile, PaginatorFile
from cchc.sources.profile_layout import LayoutFile
from cchc.sources.profile_types import (
    Auth,
    Column,
    Database,
    DatedName,
    Deletions,
    Each,
    End,
    Entity,
    FileManifest,
    Files,
    Http,
    Layout,
    Paginator,
    Profile,
    Secret,
    Sequence,
)
from cchc.sources.sql_files import read_query
from cchc.sources.where import Condition
from cchc.sources.windows import is_day
from cchc.typed import read_once

__all__ = [
    "Auth",
    "Column",
    "Database",
    "Deletions",
    "Each",
    "End",
    "Entity",
    "FileManifest",
    "Files",
    "Http",
    "Layout",
    "Paginator",
    "Profile",
    "Secret",
    "list_profiles",
    "load_profile",
    "parts_of",
    "read_profile",
]


def list_profiles(sources_dir: Path) -> list[str]:
    """The names of the sources that have a profile in `sources_dir`, sorted."""
    return sorted(path.stem for path in Path(sources_dir).glob("*.yaml"))


def load_profile(sources_dir: Path, source: str) -> Profile:
    """The profile of `source`. Raises NotConfigured if it is not there, is not YAML, or breaks the rules of this module."""
    path = Path(sources_dir) / f"{source}.yaml"
    if not path.is_file():
        known = list_profiles(sources_dir)
        raise NotConfigured(
            f"There is no profile {path.name} in {sources_dir}{near(source, known) or '.'} Sources there: {', '.join(known) or 'none'}."
        )
    return read_profile(path)


def version_of(sources_dir: Path, source: str) -> str:
    """The version of a profile that a load is told to have been read under: the first 12 digits of the sha256 of its file."""
    return sha256((Path(sources_dir) / f"{source}.yaml").read_bytes()).hexdigest()[:12]


def _owner(said: str, path: Path) -> str:
    """Who answers for a source. The project's own profiles name offices of Vĩnh Cửu; for another authority it is who runs its pipeline."""
    is_shipped = path.absolute().parent == PROJECT / "include" / "sources"
    return authority().owner if is_shipped and authority_dir() != VINH_CUU else said


def read_profile(path: Path) -> Profile:
    """The profile in the file `path`, checked."""
    file = read_once(path, ProfileFile)
    if file.source != path.stem or not re.fullmatch(NAME, file.source):
        raise NotConfigured(f"{path.name}: 'source' is {file.source!r}; it must be {path.stem!r}, in lower-case letters, digits and _.")
    profile = Profile(
        source=file.source,
        name_vi=file.name_vi,
        owner=_owner(file.owner, path),
        zone=file.zone,
        schedule=file.schedule,
        overlap_hours=file.overlap_hours,
        missing=tuple(file.missing),
        time_formats=tuple(file.time_formats),
        entities={name: _entity(name, entity, path) for name, entity in file.entities.items()},
        settings={} if file.settings is None else file.settings.model_dump(exclude_none=True),
        http=None if file.http is None else _http(file.http),
        files=None if file.files is None else _files(file.files),
        units=tuple(unit.model_dump(exclude_none=True) for unit in file.units),
        first_day=file.first_day,
        deadline_hours=file.deadline_hours,
        database=None if file.database is None else _database(file.database),
        ignore_offset=file.ignore_offset,
        two_digit_years_from=file.two_digit_years_from,
        unreadable=file.unreadable,
        contract=file.contract,
    )
    for entity in profile.entities.values():
        check_needs(entity, profile.files, path.name)
    return profile


def parts_of(name: str, entry: EntityFile, files: FilesFile | None, path: Path) -> tuple[Entity, Files | None]:
    """An entity of the profile file `path`, and how the source comes as files, for who looks at a file of which other parts are wrong."""
    return _entity(name, entry, path), None if files is None else _files(files)


def _http(entry: HttpFile) -> Http:
    auth = entry.auth.model_dump()
    if isinstance(entry.auth, BasicFile | BearerFile):
        auth["header"] = "Authorization"
    return Http(
        auth=Auth(**auth),
        path=entry.path,
        paginator=_paginator(entry.paginator),
        timeout_seconds=entry.timeout_seconds,
        retries=entry.retries,
        parameters=entry.parameters,
        headers=entry.headers,
        body=entry.body,
        requests_per_second=entry.requests_per_second,
        answers=entry.answers,
    )


def _paginator(entry: PaginatorFile) -> Paginator:
    given = entry.model_dump()
    given["size"] = given.pop("limit", None) or given.get("size")
    given["size_parameter"] = given.pop("limit_parameter", None) or given.get("size_parameter", "")
    names = [given.pop(name, "") for name in ("page_parameter", "offset_parameter", "cursor_parameter")]
    given["place_parameter"] = next((name for name in names if name), "")
    given["end"] = given["end"] or ("included" if is_day(given["times"]) else "excluded")
    return Paginator(**given | {name: given[name] or "" for name in ("from_parameter", "to_parameter")})


def _files(entry: FilesFile) -> Files:
    formats = {} if entry.formats is None else entry.formats.model_dump()
    signs = Signs(tuple(formats.pop("negative", ())), tuple(formats.pop("currency", ())))
    return Files(
        name=None if entry.name is None else with_placeholders(entry.name),
        name_words=entry.name,
        manifest=None if entry.manifest is None else FileManifest(**entry.manifest.model_dump()),
        full=entry.full,
        workbook=entry.workbook,
        newest_within_days=entry.newest_within_days,
        subfolders=entry.subfolders,
        archives=entry.archives,
        no_manifest=entry.no_manifest,
        signs=signs,
        **formats,
    )


def _database(entry: DatabaseFile) -> Database:
    return Database(entry.statement_timeout_seconds, entry.batch_rows)


def _query(name: str, entry: EntityFile, path: Path) -> str | None:
    """The text of the entity's SQL file; None if it has none."""
    if entry.query is None:
        return None
    return read_query(path.parent, entry.query, f"{path.name} entity {name}")


def _entity(name: str, entry: EntityFile, path: Path) -> Entity:
    clock = entry.changed_at
    return Entity(
        name=name,
        model=entry.model,
        suite=entry.model if entry.suite is None else entry.suite,
        key=tuple(entry.key),
        columns=tuple(_column(name, column) for name, column in entry.columns.items()),
        key_else=tuple(entry.key_else) or None,
        waived_rules=entry.waived_rules,
        file_pattern=entry.file_pattern,
        path=entry.path,
        changed_at=clock.source if isinstance(clock, ChangedField) else clock if isinstance(clock, str) else None,
        changed_at_critical=isinstance(clock, ChangedField) and clock.critical,
        changed_by_file=isinstance(clock, ChangedByFile),
        changed_at_formats=tuple(clock.formats) if isinstance(clock, ChangedField) and clock.formats else None,
        changed_at_ignore_offset=clock.ignore_offset if isinstance(clock, ChangedField) else None,
        mode=entry.mode,
        rows=entry.rows,
        each=None if entry.each is None else Each(entry.each.list, tuple(entry.each.parent_key), entry.each.optional),
        records=entry.records,
        deletions=None if entry.deletions is None else _deletions(entry.deletions),
        sequence=None if entry.sequence is None else Sequence(entry.sequence.field, entry.sequence.overlap),
        secret=None if entry.secret is None else Secret(entry.secret.field, tuple(entry.secret.open), entry.secret.unit),
        where=tuple(map(_condition, entry.where)),
        table=entry.table,
        query=_query(name, entry, path),
        query_file=entry.query,
        layout=None if entry.layout is None else _layout(entry.layout),
        known_fields=tuple(entry.known_fields),
    )


def _layout(entry: LayoutFile) -> Layout:
    return Layout(
        header_row=entry.header_row,
        header_rows=entry.header_rows,
        below_header=entry.below_header,
        names=tuple(entry.names or entry.fixed_width),
        end=None if entry.end is None else End(**entry.end.model_dump() | {"begins_with": tuple(entry.end.begins_with)}),
        not_records=tuple(entry.not_records),
        sheets=tuple(entry.sheets),
        delimiter=entry.delimiter,
        quote=entry.quote,
        encodings=tuple(entry.encodings),
        open_end=entry.open_end,
        fixed_width=tuple((place[0], place[1]) for place in entry.fixed_width.values()),
        short_lines=entry.short_lines,
    )


def _condition(entry: ConditionFile) -> Condition:
    among = None if entry.among is None else frozenset(normalize("NFC", word) for word in entry.among)
    not_among = frozenset(normalize("NFC", word) for word in entry.not_in)
    return Condition(entry.field, among, not_among, entry.matches, entry.not_matches, entry.present)


def _deletions(entry: MonthKeysFile | KeysFile) -> Deletions:
    path = entry.path if isinstance(entry, MonthKeysFile) else ""
    return Deletions(entry.kind, path, entry.months if isinstance(entry.months, int) else None)


def _column(name: str, entry: str | ColumnKeys) -> Column:
    if isinstance(entry, str):
        return Column(name, entry)
    items = entry.items if isinstance(entry, ColumnFile) else None
    return Column(
        name=name,
        source=entry.field,
        aliases=entry.aliases,
        dated_names=tuple(DatedName(each.name, each.first, each.last) for each in entry.dated_names),
        type=entry.type if isinstance(entry, ItemFile) else "text",
        critical=entry.critical,
        extract=entry.extract,
        default=entry.default,
        present=(entry.present[0], entry.present[1]) if entry.present else None,
        const=entry.const,
        codes=entry.codes,
        otherwise=entry.otherwise,
        thousands=entry.thousands,
        decimal=entry.decimal,
        signs=Signs(tuple(entry.negative), tuple(entry.currency)),
        ignore_offset=entry.ignore_offset,
        extract_as=entry.extract_as,
        pick=entry.pick,
        loose_codes=entry.loose_codes,
        true_words=tuple(entry.true_words),
        false_words=tuple(entry.false_words),
        formats=tuple(entry.formats) if entry.formats else None,
        personal=entry.personal,
        items=None if items is None else tuple(_column(inner, item) for inner, item in items.items()),
        shift_12h_onto=entry.shift_12h_onto,
        flag=entry.flag,
        file=entry.file,
        optional=entry.optional,
        reason=entry.reason,
    )
