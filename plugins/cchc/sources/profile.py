"""Read profiles: everything that is specific to one source, as data in include/sources/<source>.yaml.

A new system or the export of another vendor needs one such file and no code. `profile_file.py` defines the keys of the file
(docs/reference/profile.md describes them), and `profile_types.py` the objects that the program uses. The reading is strict: an unknown key,
a missing key or a value of the wrong type raises NotConfigured, which names the file, the line, the place and what is allowed there.
"""

from __future__ import annotations

import re
from pathlib import Path

from cchc.errors import NotConfigured
from cchc.sources.needs import check_needs
from cchc.sources.profile_file import (
    NAME,
    ChangedByFile,
    ChangedField,
    ColumnFile,
    ColumnKeys,
    CursorFile,
    DeletionsFile,
    EntityFile,
    FilesFile,
    HttpFile,
    ItemFile,
    OAuthFile,
    ProfileFile,
)
from cchc.sources.profile_types import Auth, Column, Deletions, Entity, FileManifest, Files, Http, Paginator, Profile, Secret
from cchc.typed import read

__all__ = [
    "Auth",
    "Column",
    "Deletions",
    "Entity",
    "FileManifest",
    "Files",
    "Http",
    "Paginator",
    "Profile",
    "Secret",
    "list_profiles",
    "load_profile",
    "read_profile",
]


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
    said = read(path, ProfileFile)
    if said.source != path.stem or not re.fullmatch(NAME, said.source):
        raise NotConfigured(f"{path.name}: 'source' is {said.source!r}; it must be {path.stem!r}, in lower-case letters, digits and _.")
    profile = Profile(
        source=said.source,
        name_vi=said.name_vi,
        owner=said.owner,
        zone=said.zone,
        schedule=said.schedule,
        overlap_hours=said.overlap_hours,
        missing=tuple(said.missing),
        time_formats=tuple(said.time_formats),
        entities={name: _entity(name, entity) for name, entity in said.entities.items()},
        settings={} if said.settings is None else said.settings.model_dump(exclude_none=True),
        http=None if said.http is None else _http(said.http),
        files=None if said.files is None else _files(said.files),
        units=tuple(unit.model_dump(exclude_none=True) for unit in said.units),
        first_day=said.first_day,
        deadline_hours=said.deadline_hours,
    )
    for entity in profile.entities.values():
        check_needs(entity, profile.files, path.name)
    return profile


def _http(said: HttpFile) -> Http:
    auth, pages = said.auth, said.paginator
    return Http(
        auth=Auth(auth.kind, path=auth.path) if isinstance(auth, OAuthFile) else Auth(auth.kind, header=auth.header),
        path=said.path,
        paginator=Paginator(
            kind=pages.kind,
            size=pages.limit if isinstance(pages, CursorFile) else pages.size,
            from_parameter=pages.from_parameter,
            to_parameter=pages.to_parameter,
            data=pages.data,
            total=pages.total,
            next=pages.next if isinstance(pages, CursorFile) else "",
        ),
        timeout_seconds=said.timeout_seconds,
        retries=said.retries,
    )


def _files(said: FilesFile) -> Files:
    formats = {} if said.formats is None else said.formats.model_dump()
    return Files(
        name=said.name,
        manifest=None if said.manifest is None else FileManifest(**said.manifest.model_dump()),
        full=said.full,
        workbook=said.workbook,
        newest_within_days=said.newest_within_days,
        **formats,
    )


def _entity(name: str, said: EntityFile) -> Entity:
    clock = said.changed_at
    return Entity(
        name=name,
        model=said.model,
        suite=said.model if said.suite is None else said.suite,
        key=tuple(said.key),
        columns=tuple(_column(name, column) for name, column in said.columns.items()),
        key_else=tuple(said.key_else) or None,
        waived_rules=said.waived_rules,
        file_pattern=said.file_pattern,
        path=said.path,
        changed_at=clock.source if isinstance(clock, ChangedField) else clock if isinstance(clock, str) else None,
        changed_at_critical=isinstance(clock, ChangedField) and clock.critical,
        changed_by_file=isinstance(clock, ChangedByFile),
        mode=said.mode,
        rows=said.rows,
        deletions=None if said.deletions is None else _deletions(said.deletions),
        secret=None if said.secret is None else Secret(said.secret.field, tuple(said.secret.open), said.secret.unit),
    )


def _deletions(said: DeletionsFile) -> Deletions:
    return Deletions(said.kind, said.path, said.months if isinstance(said.months, int) else None)


def _column(name: str, said: str | ColumnKeys) -> Column:
    if isinstance(said, str):
        return Column(name, said)
    items = said.items if isinstance(said, ColumnFile) else None
    return Column(
        name=name,
        source=said.source,
        type=said.type if isinstance(said, ItemFile) else "text",
        critical=said.critical,
        extract=said.extract,
        default=said.default,
        present=(said.present[0], said.present[1]) if said.present else None,
        const=said.const,
        codes=said.codes,
        otherwise=said.otherwise,
        thousands=said.thousands,
        formats=tuple(said.formats) if said.formats else None,
        personal=said.personal,
        items=None if items is None else tuple(_column(inner, item) for inner, item in items.items()),
        shift_12h_onto=said.shift_12h_onto,
        flag=said.flag,
        file=said.file,
        optional=said.optional,
        reason=said.reason,
    )
