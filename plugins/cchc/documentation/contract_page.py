"""docs/reference/contracts/<source>.md: what a source delivers on the wire.

Which fields are used and what becomes of them is read from the profile, the columns and codes from the model. The meaning of each field is
in docs/reference/text/contracts/<source>.yaml, all other words are in the text beside it. A source without these two files has a page made
of its profile alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cchc.documentation.pages import TEXT, code, headed, joined, repository, table
from cchc.errors import NotConfigured
from cchc.models import MODELS
from cchc.settings import PROJECT
from cchc.sources.codes import CODES
from cchc.sources.profile import Column, Entity, Profile, list_profiles, load_profile
from cchc.typed import read

FOLDER = "contracts"
MIGRATIONS = PROJECT / "include" / "sql" / "migrations"
AUTH = {
    "oauth_client_credentials": "a token for client id and secret",
    "api_key": "an API key in a header",
    "none": "nobody has to log in",
    "basic": "login and password in a header",
    "bearer": "a token that does not change, in a header",
    "login": "a token for login and password",
}
PAGES = {
    "cursor": "a cursor; the window is half-open on the change time",
    "page_number": "page numbers from 0; the window is inclusive days of the change time",
    "offset": "offset and limit",
    "link_header": "the header Link names the next page",
    "next_url": "the answer has the address of the next page",
    "single": "one answer has everything",
}
MODES = {
    "window": "the records that changed in a window of change time",
    "list": "a full list each time",
    "days": "all payments of each day that is over",
}
FILED = {"date": "the day in the file's name", "revision": "the revision in the file's name"}
SHORT = {"timestamp with time zone": "timestamptz"}


def names() -> list[str]:
    """The names of the pages, one for each profile."""
    return [f"{FOLDER}/{source}.md" for source in list_profiles(repository().sources_dir)]


def text(name: str) -> str:
    """The page `name`. Raises NotConfigured if the source has a list of its fields, and a field that the profile uses is not in it."""
    source = name.removeprefix(f"{FOLDER}/").removesuffix(".md")
    profile = load_profile(repository().sources_dir, source)
    path = TEXT / FOLDER / f"{source}.yaml"
    if not path.exists():
        entities = [_entity(profile, entity, dict.fromkeys(entity.fields, "")) for entity in profile.entities.values()]
        return headed(
            "\n\n".join([f"# {profile.name_vi}", _transport(profile), *entities]) + "\n", f"the profile is include/sources/{source}.yaml"
        )
    meanings = read(path, dict[str, dict[str, str]])
    unknown = [entity for entity in meanings if entity not in profile.entities]
    if unknown:
        raise NotConfigured(f"{path.relative_to(PROJECT)}: the profile {source} has no entity {', '.join(unknown)}")
    parts = {f"entity: {entity.name}": _entity(profile, entity, meanings.get(entity.name, {})) for entity in profile.entities.values()}
    return joined(name, {"transport": _transport(profile)} | parts)


def _transport(profile: Profile) -> str:
    rows = [
        ("source", f"`{profile.source}`: {profile.name_vi}"),
        ("owner", profile.owner),
        ("roles", code(dict.fromkeys(_role(entity) for entity in profile.entities.values()))),
        ("pulled", f"`{profile.schedule}` ({profile.zone})" if profile.schedule else "by hand"),
        ("overlap", f"{profile.overlap_hours} hours before the end of the last complete extract"),
        ("missing values", code('""' if word == "" else word for word in profile.missing)),
        ("times", code(profile.time_formats)),
    ]
    return table(("", ""), [*rows, *_http(profile), *_files(profile)])


def _role(entity: Entity) -> str:
    return MODELS[entity.model].role


def _http(profile: Profile) -> Iterator[tuple[str, str]]:
    if profile.http is None:
        return
    auth, pages = profile.http.auth, profile.http.paginator
    yield "login", f"{AUTH[auth.kind]}: `{auth.path if auth.expires else auth.parameter or auth.header}`"
    yield "path", f"`GET {profile.http.path}`"
    yield (
        "pages",
        f"{PAGES[pages.kind]} (`{pages.from_parameter}`, `{pages.to_parameter}`)"
        + (f"; {pages.size:,} records a page are asked for" if pages.size else ""),
    )
    yield "answer", f"records in `{pages.data}`, their number in `{pages.total}`" + (f", next page by `{pages.next}`" if pages.next else "")
    yield "patience", f"{profile.http.timeout_seconds:g} seconds for an answer, {profile.http.retries} more tries"


def _files(profile: Profile) -> Iterator[tuple[str, str]]:
    files = profile.files
    if files is None:
        return
    yield "files", code(dict.fromkeys(entity.file_pattern or "" for entity in profile.entities.values())) + ", also with `.gz`"
    if files.name is not None:
        yield "names of files", f"`{files.name}`"
    if files.manifest is not None:
        where = " and ".join(f"`{name}` = `{value}`" for name, value in files.manifest.amount_where.items())
        yield "manifest", f"suffix `{files.manifest.suffix}`; its amount is the sum of `{files.manifest.amount_field}` where {where}"
    if files.trailer is not None:
        yield "trailer", f"a last line that begins with `{files.trailer}`"
    if files.sheet is not None:
        yield "sheet", f"`{files.sheet}`"
    if files.newest_within_days is not None:
        yield "newest file", f"at most {files.newest_within_days} days before T"


def _entity(profile: Profile, entity: Entity, meanings: dict[str, str]) -> str:
    missing = [name for name in entity.fields if name not in meanings]
    if missing:
        where = f"docs/reference/text/{FOLDER}/{profile.source}.yaml"
        raise NotConfigured(f"{where}, {entity.name}: say what {', '.join(missing)} means; the profile uses it")
    rows = [(f"`{name}`", meanings[name], *_use(entity, name)) for name in meanings]
    filled = [(f"`{column.name}`", FILED[column.file]) for column in entity.columns if column.file is not None]
    lines = [
        f"## `{entity.name}`",
        f"Model [`{entity.model}`](../profile.md#{entity.model}). Key: {_key(entity)}. "
        f"Delivered: {MODES[entity.mode] if profile.http else 'rows of files'}. "
        f"Change time: {_clock(entity)}.",
        table(("field", "meaning", "becomes", "type", "how it is read"), rows),
    ]
    if filled:
        lines.append(f"Filled from elsewhere: {'; '.join(f'{name}: {what}' for name, what in filled)}.")
    return "\n\n".join(lines)


def _key(entity: Entity) -> str:
    key = " + ".join(f"`{name}`" for name in entity.key)
    return key if entity.key_else is None else f"{key}; where that is missing {' + '.join(f'`{name}`' for name in entity.key_else)}"


def _clock(entity: Entity) -> str:
    if entity.changed_at is not None:
        return f"`{entity.changed_at}`"
    return "the day in the file's name" if entity.changed_by_file else "T of the extract"


def _use(entity: Entity, name: str) -> tuple[str, str, str]:
    """What becomes of a field: the columns that it fills, their type, and how it is read."""
    if name not in entity.fields:
        return "", "", "**never lands**"
    types = _types(entity.model)
    outer = [column for column in entity.columns if column.source == name]
    inner = [
        (column, item)
        for column in entity.columns
        for item in column.items or ()
        if item.source is not None and f"{column.source}.{item.source}" == name
    ]
    if not outer and not inner:
        return "", "", entity.fields[name]
    columns = [(column.name, types.get(column.name, "?"), column) for column in outer]
    columns += [(f"{column.name}.{item.name}", item.type, item) for column, item in inner]
    notes = [note for place, _, column in columns for note in _notes(entity, place, column)]
    used = ["key"] if name in (*entity.key, *(entity.key_else or ())) else []
    used += ["change time"] if name == entity.changed_at else []
    used += [f"row filter: {condition.words}" for condition in entity.where if condition.field == name]
    used += ["decides whether the record is secret"] if entity.secret is not None and name == entity.secret.field else []
    return code(place for place, _, _ in columns), ", ".join(dict.fromkeys(kind for _, kind, _ in columns)), "; ".join([*used, *notes])


def _notes(entity: Entity, place: str, column: Column) -> list[str]:
    """How a field is read into a column, as far as it is anything special."""
    codes = CODES.get(entity.model, {}).get(place, {})
    notes = (
        (column.personal, "only whether it is there is kept" if column.present else "kept as a keyed hash"),
        (column.critical, "critical: a record with a value here that cannot be read is not counted"),
        (column.extract, f"the first match of `{column.extract}`" + (f" as `{column.extract_as}`" if column.extract_as else "")),
        (column.default, f"missing is `{column.default}`"),
        (column.formats, f"written as {code(column.formats or ())}"),
        (column.thousands, f"`{column.thousands}` between thousands"),
        (column.pick if column.pick != "last" else None, f"of the rows of a key: {column.pick}"),
        (column.decimal, f"`{column.decimal}` before the fraction, rounded half up"),
        (column.shift_12h_onto, f"shifted by 12 hours where that brings it onto `{column.shift_12h_onto}`, then `{column.flag}` is true"),
        (column.optional, f"may be absent: {column.reason}"),
        (column.codes, "words of the source: " + ", ".join(f"`{word}` is `{own}`" for word, own in (column.codes or {}).items())),
        (codes, ", ".join(f"`{word}` {meaning}" for word, meaning in codes.items())),
    )
    return [words for holds, words in notes if holds not in (None, False, {})]


@cache
def _types(model: str) -> dict[str, str]:
    """The columns of a model with their SQL types, from the statement that creates staging.model_<model>."""
    for path in sorted(MIGRATIONS.glob("*.sql")):
        body = re.search(rf"create unlogged table staging\.model_{model} \(\n(.*?)\n\);", path.read_text(encoding="utf-8"), re.DOTALL)
        if body is not None:
            lines = [line.strip().rstrip(",").replace(" not null", "") for line in body[1].splitlines()]
            return {name: SHORT.get(kind, kind) for name, _, kind in (line.partition(" ") for line in lines)}
    raise NotConfigured(f"no migration creates staging.model_{model}")
