"""YAML files of the project, read into typed models: what a file may say is declared once, as pydantic models with `Typed` as their base.

A file that breaks its model raises NotConfigured with one line for each fault: the file, the line, the place in it (such as
`entities.dossiers.columns.due_at`), what is wrong, what is allowed, and the nearest allowed word where one is near.

The reading is strict: a key that no field knows is a fault, a number is not taken for a text nor a text for a number, and a key that
stands twice in one mapping is a fault (YAML alone would keep the last one and say nothing). A key without a value counts as absent.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Tag, TypeAdapter, ValidationError, model_validator

from cchc.errors import NotConfigured
from cchc.near import near
from cchc.yaml_text import Loader, data_of, text_of

Kind = TypeVar("Kind")
TYPE_WORDS = {
    "string_type": "text (quote it)",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "decimal_type": "a number",
    "is_instance_of": "a number",
    "date_type": "a day YYYY-MM-DD",
}
NO_MAPPING = ("model_type", "model_attributes_type", "dict_type")
UNKNOWN = ("extra_forbidden", "invalid_key")
KEY = "[key]"  # pydantic's last step where the key of a mapping is at fault, not its value


class Typed(BaseModel):
    """One mapping of a file. Fields carry a description; an `alias` is the key in the file where Python has another use for the word.

    `retired` has keys that were allowed once, with the sentence that tells what to do; `nulls` the values of keys of which an empty
    value means something (everywhere else it counts as absent).
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True, allow_inf_nan=False)

    retired: ClassVar[Mapping[str, str]] = {}
    nulls: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict) or None not in data.values():
            return data
        known = cls.keys()
        given = {key: cls.nulls.get(key) if value is None else value for key, value in data.items()}
        return {key: value for key, value in given.items() if value is not None or key not in known}

    @classmethod
    def keys(cls) -> dict[str, Any]:
        """The keys that the mapping may have, in order, each with the type of its value."""
        return {field.alias or name: field.annotation for name, field in cls.model_fields.items()}


class Fault(ValueError):
    """What a rule of a model finds wrong, as a sentence. `place` leads on from the mapping of the rule to what is at fault in it."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class FoundFault:
    """One fault of a file.

    `line`: None at the top of the file; `place`: the steps from there; `is_rule`: whether a rule of a model found it, not its form.
    """

    line: int | None
    place: tuple[Any, ...]
    words: str
    is_rule: bool = False

    def told(self, file: str) -> str:
        """The fault with the name of the file, its line and its place."""
        named = ".".join(f"entry {step + 1}" if isinstance(step, int) else str(step) for step in self.place)
        return f"{file}{f' line {self.line}' if self.line else ''}{f', {named}' if named else ''}: {self.words}"


def read(path: Path, kind: type[Kind]) -> Kind:
    """The YAML file `path` as a `kind`: a Typed model, or a dict or list of them. Raises NotConfigured that names every fault."""
    return _validated(path.name, kind, text_of(path))


def read_once(path: Path, kind: type[Kind]) -> Kind:
    """As `read`. As long as a file has the same text, it is read once in a process, so nobody may change what this gives."""
    found: Kind = _validated_once(path.name, kind, text_of(path))  # type: ignore[arg-type] # a type is hashable
    return found


@lru_cache(maxsize=64)
def _validated_once(name: str, kind: Any, text: str) -> Any:
    return _validated(name, kind, text)


def _validated(name: str, kind: type[Kind], text: str) -> Kind:
    data = data_of(name, text)
    try:
        found: Kind = adapter(kind).validate_python(data)  # type: ignore[arg-type] # a type is hashable
        return found
    except ValidationError as error:
        faults = _faults(error, kind, data, yaml.compose(text, Loader), ())
        raise NotConfigured("\n".join(dict.fromkeys(fault.told(name) for fault in faults))) from None


def faults_of(kind: Any, data: Any, text: str, *above: Any) -> list[FoundFault]:
    """What is wrong with `data` as a `kind`; empty if it is well. `above`: the steps from the top of the YAML `text` to `data`."""
    try:
        adapter(kind).validate_python(data)
    except ValidationError as error:
        return _faults(error, kind, data, yaml.compose(text, Loader), above)
    return []


def line_of(text: str, *place: Any) -> int | None:
    """The line of the key at a place of a YAML text, or of the nearest one above it; None at the top."""
    return _line(yaml.compose(text, Loader), place)


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """What validates a `kind`, and gives its JSON Schema. Built once, on first use."""
    return TypeAdapter(kind)


def members(kind: Any) -> list[tuple[str | None, Any]]:
    """The types that a value may have, without None, each with the tag of a union where it has one."""
    origin = get_origin(kind)
    if origin is Annotated:
        tags = [word.tag for word in kind.__metadata__ if isinstance(word, Tag)]
        return [(tags[0] if tags else tag, member) for tag, member in members(get_args(kind)[0])]
    if origin in (Union, types.UnionType):
        return [member for part in get_args(kind) if part is not type(None) for member in members(part)]
    return [(None, kind)]


def choices(kind: Any) -> list[str]:
    """The words of an enumeration (Literal), in order; empty for another type."""
    return [str(word) for _, member in members(kind) if get_origin(member) is Literal for word in get_args(member)]


def is_typed(kind: Any) -> bool:
    """Whether a type is a Typed model."""
    return isinstance(kind, type) and issubclass(kind, Typed)


@dataclass(frozen=True)
class _Spot:
    """Where a fault is: the steps from the top, and for each of them what the model allows there."""

    steps: tuple[Any, ...]
    kinds: tuple[Any, ...]
    is_key: bool

    @property
    def kind(self) -> Any:
        return self.kinds[-1]


def _spot(kind: Any, loc: Sequence[Any]) -> _Spot:
    """The place of a fault as pydantic gives it, without the tags of unions that it holds, which stand in no file."""
    steps: list[Any] = []
    kinds = [_alone(kind)]
    for item in loc:
        if item == KEY:
            return _Spot(tuple(steps), tuple(kinds), True)
        found = members(kinds[-1])
        if len(found) > 1 and (tagged := [member for tag, member in found if item == tag or item in _own_tags(member)]):
            kinds[-1] = _alone(tagged[0])
            continue
        steps.append(item)
        kinds.append(_alone(_inside(found[0][1], item)))
    return _Spot(tuple(steps), tuple(kinds), False)


def _alone(kind: Any) -> Any:
    """The one type that a value may have apart from None; the type itself where there are several."""
    found = members(kind)
    return found[0][1] if len(found) == 1 else kind


def _own_tags(kind: Any) -> list[str]:
    """The values of a model's discriminator: every union of the project tells its members apart by `kind`."""
    return choices(kind.keys().get("kind")) if is_typed(kind) else []


def _inside(kind: Any, item: Any) -> Any:
    """The type of what stands in a value of a type under a key or number."""
    if is_typed(kind):
        return kind.keys().get(item)
    inner = get_args(kind)
    return inner[-1] if inner else None


def _faults(error: ValidationError, kind: Any, data: Any, root: Any, above: tuple[Any, ...]) -> list[FoundFault]:
    found = [(fault, _spot(kind, fault["loc"])) for fault in error.errors(include_url=False)]
    meant = {_meant(fault, spot, data) for fault, spot in found}
    told: dict[FoundFault, None] = {}
    for fault, spot in found:
        if fault["type"] == "missing" and spot.steps in meant:
            continue  # the key is there, misspelt; that is told already
        steps, words = _told(fault, spot, data)
        line = _line(root, (*above, *(steps if len(steps) > len(spot.steps) or fault["type"] == "missing" else spot.steps)))
        told[FoundFault(line, (*above, *steps), words, fault["type"] == "value_error")] = None
    return list(told)


def _meant(fault: Any, spot: _Spot, data: Any) -> tuple[Any, ...] | None:
    """The place of the key that an unknown key stands for, most likely."""
    if fault["type"] not in UNKNOWN:
        return None
    word = get_close_matches(str(spot.steps[-1]), _candidates(spot, data), n=1, cutoff=0.6)
    return (*spot.steps[:-1], word[0]) if word else None


def _candidates(spot: _Spot, data: Any) -> list[str]:
    """The keys that an unknown one may stand for: those that are not there."""
    holder = _value(data, spot.steps[:-1])
    allowed = spot.kinds[-2].keys() if is_typed(spot.kinds[-2]) else {}
    return [key for key in allowed if holder.get(key) is None] if isinstance(holder, dict) else list(allowed)


def _told(fault: Any, spot: _Spot, data: Any) -> tuple[tuple[Any, ...], str]:
    """The place to name, and the sentence."""
    kind, value, steps = fault["type"], fault["input"], spot.steps
    holder, key = steps[:-1], steps[-1] if steps else None
    if kind in UNKNOWN:
        return holder, _unknown(key, spot, data)
    if kind == "missing":
        there = ", ".join(map(str, _value(data, holder) or {})) or "none"
        return holder, f"the key {key!r} is missing. There are: {there}."
    if kind == "value_error":
        rule = fault["ctx"]["error"]
        whole = spot.is_key or not steps or any(is_typed(member) for _, member in members(spot.kind))
        return (*(steps if whole else holder), *getattr(rule, "place", ())), str(rule)
    if kind == "union_tag_invalid":
        return steps, _none_of("kind", _value(value, ("kind",)), [word for _, member in members(spot.kind) for word in _own_tags(member)])
    if kind == "union_tag_not_found":
        return steps, f"the key 'kind' is missing. There are: {', '.join(map(str, value)) or 'none'}."
    if kind == "literal_error":
        return holder, _none_of(f"entry {key + 1}" if isinstance(key, int) else key, value, choices(spot.kind))
    if kind in NO_MAPPING and (not steps or isinstance(key, int) or kind != "dict_type"):
        return steps, f"expected a mapping, found {'nothing' if value is None else type(value).__name__}."
    return _of_value(fault, spot)


def _of_value(fault: Any, spot: _Spot) -> tuple[tuple[Any, ...], str]:
    """The sentence about a value that has the wrong type, or is out of its limits."""
    kind, value, context = fault["type"], fault["input"], fault.get("ctx") or {}
    steps = spot.steps
    outer = spot.kinds[-2] if len(steps) > 1 else None
    if get_origin(outer) is dict and kind == "string_type":
        return steps[:-2], f"{steps[-2]!r} must map texts to texts, found {value!r} in it (quote it)."
    if get_origin(outer) is list and kind == "string_type":
        return steps[:-2], f"{steps[-2]!r} must be a list of texts, found {value!r} in it (quote it)."
    subject = repr(steps[-1]) if steps else "the file"
    if kind in TYPE_WORDS:
        return steps[:-1], f"{subject} must be {TYPE_WORDS[kind]}, found {value!r}."
    if kind == "too_short":
        return steps[:-1], f"{subject} is empty."
    if kind == "greater_than_equal":
        return steps[:-1], f"{subject} must be at least {context['ge']:g}, found {value!r}."
    if kind == "less_than_equal":
        return steps[:-1], f"{subject} must be at most {context['le']:g}, found {value!r}."
    if kind == "greater_than":
        return steps[:-1], f"{subject} is {value!r}; it must be more than {context['gt']:g}."
    return steps[:-1], f"{subject} is {value!r}: {fault['msg']}."


def _unknown(key: Any, spot: _Spot, data: Any) -> str:
    model = spot.kinds[-2]
    if key in model.retired:
        return str(model.retired[key])
    hint = near(key, _candidates(spot, data)) or "."
    return f"unknown key {key!r}{hint} Allowed: {', '.join(sorted(model.keys()))}."


def _none_of(key: Any, value: Any, allowed: list[str]) -> str:
    return f"{key!r} is {value!r}{near(value, allowed) or '.'} Allowed: {', '.join(allowed)}."


def _value(data: Any, steps: Iterable[Any]) -> Any:
    """What stands at a place; None where nothing does."""
    for step in steps:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _line(node: Any, steps: Iterable[Any]) -> int | None:
    """The line of the key at a place, or of the nearest one above it; None at the top."""
    line = None
    for step in steps:
        inner = None
        if isinstance(node, yaml.MappingNode):
            inner = next(((key, value) for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            inner = (node.value[step], node.value[step])
        if inner is None:
            return line
        line, node = inner[0].start_mark.line + 1, inner[1]
    return line
