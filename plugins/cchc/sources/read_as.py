"""How the records of an entity are read on their way into landing: what of a profile decides which records land, and in which form.

Each load keeps it in the manifest of its landing (`read_as`), by the keys of the profile. If one of them is another one today, landing does
not show what today's profile would read: a total row that was taken for a record stands in it, a row that `where` left out does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any

import orjson

from cchc.sources.profile import Entity, Profile

DIGITS = 12
FORM_OF_FILES = ("delimiter", "encoding", "trailer", "sheet", "workbook")
ASKED_OVER_HTTP = ("path", "parameters", "headers", "body", "answers")


def read_as(profile: Profile, entity: Entity) -> dict[str, str]:
    """For each key of the profile that decides how the records of an entity land, and that is used: the beginning of a hash of it.

    Names of fields are not among them: which fields landed stands in the counts of the load.
    """
    parts: dict[str, Any] = {
        "path": entity.path,
        "table": entity.table,
        "query": entity.query,
        "records": entity.records,
        "each": entity.each,
        "rows": entity.rows if entity.rows != "record" else None,
        "columns.pick": entity.picked,
        "layout": entity.layout,
        "where": [entity.where, profile.missing] if entity.where else None,
        "secret": entity.secret,
        "columns.personal": sorted(entity.hashed),
        "key": [entity.key, entity.key_else, profile.missing] if entity.rows == "event" else None,
        "files": None if profile.files is None else {name: getattr(profile.files, name) for name in FORM_OF_FILES},
        "http": None if profile.http is None else {name: getattr(profile.http, name) for name in ASKED_OVER_HTTP},
    }
    return {name: _mark(plain) for name, part in parts.items() if (plain := _plain(part))}


def read_otherwise(profile: Profile, entity: Entity, landed: Mapping[str, str] | None) -> list[str]:
    """The keys of the profile by which records are read otherwise today than when a load landed.

    `landed`: what `read_as` gave then; None: the load is older than this, and nothing is known.
    """
    if landed is None:
        return []
    today = read_as(profile, entity)
    return [name for name in dict.fromkeys((*landed, *today)) if landed.get(name) != today.get(name)]


def _mark(plain: Any) -> str:
    return sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()[:DIGITS]


def _plain(part: Any) -> Any:
    """A part of a profile without what it does not use: a key that a later version adds changes nothing while nobody uses it."""
    if is_dataclass(part):
        part = {each.name: getattr(part, each.name) for each in fields(part)}
    if isinstance(part, Mapping):
        return {str(name): plain for name, value in part.items() if (plain := _plain(value))}
    if isinstance(part, frozenset | set):
        return sorted(map(str, part))
    if isinstance(part, list | tuple):
        return [_plain(value) for value in part]
    return part if isinstance(part, str | int | float | bool) or part is None else repr(part)
