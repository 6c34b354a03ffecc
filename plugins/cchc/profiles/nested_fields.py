"""The flat fields of nested records, under the names by which a profile finds them, and the lists in the records.

Each list of objects in a record may be an entity of its own: its elements are rows (`each`), and the fields of the record around it are
`parent.x`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

DEEPEST = 8
PLAIN_KEY = re.compile(r"[@A-Za-z_][A-Za-z0-9_]*")
PARENT = "parent"

Flat = dict[str, Any]


def path_of(keys: Iterable[str]) -> str:
    """The name of a profile for a value below these keys, from the outermost one on: `hoSo.ma`, `'hồ sơ'.'mã'`; one key stays as it is."""
    steps = list(keys)
    if len(steps) == 1:
        return steps[0]
    return ".".join(step if PLAIN_KEY.fullmatch(step) else f"'{step}'" for step in steps)


@dataclass
class Nested:
    """The records of a sample: `rows`, each flat; `lists`: by the path of a list of objects its rows, each with the fields around it.

    `lacking`: the lists that some record does not have.
    """

    rows: list[Flat] = field(default_factory=list)
    lists: dict[str, list[Flat]] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)


def flattened(records: Iterable[dict[str, Any]]) -> Nested:
    """The flat rows of some records. An element that stands alone where other records have a list is a list of one, as in XML."""
    kept = list(records)
    places = {keys for record in kept for keys, value in _walk(record, ()) if _is_list(value)}
    found = Nested(lists={path_of(keys): [] for keys in places})
    for record in kept:
        flat: Flat = {}
        inner: dict[tuple[str, ...], list[Any]] = {}
        for keys, value in _walk(record, (), places):
            if keys in places:
                inner[keys] = value if type(value) is list else [value]
            else:
                flat[path_of(keys)] = value
        found.rows.append(flat)
        around = {path_of((PARENT, *keys)): value for keys, value in _walk(record, (), places) if keys not in places}
        for keys in places:
            _add(found, path_of(keys), inner.get(keys), around)
    return found


def _add(found: Nested, name: str, elements: list[Any] | None, around: Flat) -> None:
    if elements is None:
        found.lacking.add(name)
        return
    for element in elements:
        if type(element) is dict:
            inner = {path_of(keys): value for keys, value in _walk(element, ())}
            found.lists[name].append({**inner, **around})


def _walk(value: dict[str, Any], above: tuple[str, ...], lists: Iterable[tuple[str, ...]] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The keys and the value of everything in a record that is no object, or is at the place of a list."""
    for key, inner in value.items():
        keys = (*above, key)
        if "'" in key:  # no name of a profile finds it
            continue
        if type(inner) is dict and inner and len(keys) < DEEPEST and keys not in lists:
            yield from _walk(inner, keys, lists)
        else:
            yield keys, inner


def _is_list(value: Any) -> bool:
    return type(value) is list and any(type(element) is dict for element in value)
