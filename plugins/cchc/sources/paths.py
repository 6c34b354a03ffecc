"""Find values in nested answers: a name of the profile is the key itself, and where no such key is there a JSONPath.

`hoSo.ma`, `items[0].x` and `$.result.items[*]` are paths. A name that an answer has as a key, also one with dots in it, is never taken
apart, so a profile that was written for flat records keeps its meaning. Letters beyond ASCII are quoted in a path: `'hồ sơ'.'mã'`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from jsonpath_ng import Child, Fields, Index, JSONPath, Root
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.parser import parse

Steps = tuple[str | int, ...]
DEEPEST = 8
_PARTS = (".", "[", "$")


class _Absent:
    """What is found where nothing is; null is something."""

    def __bool__(self) -> bool:
        return False


ABSENT = _Absent()


@cache
def parsed(name: str) -> JSONPath | None:
    """The path that a name of a profile is; None for a plain name."""
    if not any(part in name for part in _PARTS):
        return None
    try:
        return parse(name)
    except JSONPathError:
        return None


def is_broken(name: str) -> bool:
    """Whether a name begins like a JSONPath (`$`) and is none."""
    return name.startswith("$") and parsed(name) is None


class _Any:
    """The step of a path that any key or place takes (`[*]`, `*`)."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # what equals everything has no place in a set


ANY = _Any()


def place(name: str) -> tuple[Any, ...] | None:
    """The steps of a name or path to a place in a document: keys, numbers of elements, and ANY. None for a path with other steps."""
    path = parsed(name)
    return (name,) if path is None else _place(path)


def _place(path: JSONPath) -> tuple[Any, ...] | None:
    if str(path) in ("*", "[*]"):
        return (ANY,)
    if isinstance(path, Child):
        left, right = _place(path.left), _place(path.right)
        return None if left is None or right is None else (*left, *right)
    return _steps(path)


@cache
def finder(name: str) -> Callable[[Any], Any]:
    """The function that finds what `name` names in a value: the value, a list for a path with several places, or ABSENT."""
    path = parsed(name)
    steps = None if path is None else _steps(path)

    def find(value: Any) -> Any:
        if type(value) is dict and name in value:
            return value[name]
        if path is None:
            return ABSENT
        if steps is not None:
            return _walk(value, steps)
        found = [match.value for match in path.find(value)]
        return found if found else ABSENT

    return find


def _steps(path: JSONPath) -> Steps | None:
    """The keys and places of a path that leads to one value; None for a path that may find several. It is walked much faster."""
    if isinstance(path, Root):
        return ()
    if isinstance(path, Fields) and len(path.fields) == 1 and path.fields[0] != "*":
        return (path.fields[0],)
    if isinstance(path, Index) and len(path.indices) == 1:
        return (path.indices[0],)
    if isinstance(path, Child):
        left, right = _steps(path.left), _steps(path.right)
        return None if left is None or right is None else (*left, *right)
    return None


def _walk(value: Any, steps: Steps) -> Any:
    for step in steps:
        if type(step) is int:
            if type(value) is not list or not -len(value) <= step < len(value):
                return ABSENT
            value = value[step]
        elif type(value) is dict and step in value:
            value = value[step]
        else:
            return ABSENT
    return value


class Flattener:
    """Gives nested records the flat names that a profile uses, so that everything behind it reads flat records alone.

    The objects through which a path leads are replaced by their fields under dotted names, so that a field that no column uses is told by
    its own name.
    """

    def __init__(self, names: Iterable[str]) -> None:
        paths = {name: parsed(name) for name in names}
        self._finders = {name: finder(name) for name, path in paths.items() if path is not None}
        steps = [_steps(path) for path in paths.values() if path is not None]
        self._opened = {each[0] for each in steps if each and isinstance(each[0], str)} - {
            name for name, path in paths.items() if path is None
        }

    def __bool__(self) -> bool:
        return bool(self._finders)

    def flat(self, record: Any) -> Any:
        """The record with flat names; what is no object is returned as it is."""
        if type(record) is not dict:
            return record
        out: dict[str, Any] = {}
        for name, value in record.items():
            if name in self._opened and type(value) is dict:
                _open(name, value, out, 1)
            else:
                out[name] = value
        for name, find in self._finders.items():
            value = find(record)
            if value is not ABSENT:
                out[name] = value
            else:
                out.pop(name, None)
        return out


def _open(place: str, inner: dict[str, Any], out: dict[str, Any], depth: int) -> None:
    for name, value in inner.items():
        if type(value) is dict and depth < DEEPEST:
            _open(f"{place}.{name}", value, out, depth + 1)
        else:
            out[f"{place}.{name}"] = value
