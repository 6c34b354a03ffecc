"""docs/reference/profile.md: the vocabulary of a profile, generated from the models that read it (`make schemas`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from cchc.documentation.model_columns import columns_of
from cchc.settings import PROJECT
from cchc.sources.codes import CODES, OWN_WORDS
from cchc.sources.needs import ALWAYS, IDENTITY
from cchc.sources.profile_file import ProfileFile
from cchc.typed import Typed, adapter, choices, is_typed, members

FILE = PROJECT / "docs" / "reference" / "profile.md"
WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}
FLAGS = "`0`, `1`, `true`, `false`"
HEAD = """# The vocabulary of a profile

<!-- Generated from plugins/cchc/sources/profile_file.py and codes.py: `make schemas` writes it anew. -->

A profile (`include/sources/<source>.yaml`) says everything that is particular to one source.
How to write one: [adding a source](../runbooks/add_source.md). Below stands every key, part by part, and then what may stand in the
code columns of each model. A key that is not listed is refused, with its line and the nearest word. A key without a value counts as
absent. Texts that look like numbers, dates or true/false are quoted: `channel_code: {const: "1"}`.
"""
CODES_HEAD = f"""## Models and their codes

`model` of an entity is one of these. `codes` of a column leads the source's words to the codes here; where the source delivers them as
they are, no `codes` is needed. A code that is not listed goes to quarantine or is reported, as the rules of expectations/staging say.
True-or-false columns take {FLAGS} (any case). Of each model the first table has all columns that a profile can fill, and the second one the
codes of those that have a list.
"""


def text() -> str:
    """The page."""
    parts = [HEAD, *(_part(place, model) for place, model in _models()), CODES_HEAD, *(_codes(model) for model in CODES), _own_words()]
    return "\n".join(parts)


def _models() -> Iterator[tuple[str, type[Typed]]]:
    """Every mapping of a profile with its place and its model, in the order of the keys."""
    waiting: list[tuple[str, type[Typed]]] = [("", ProfileFile)]
    seen: set[type[Typed]] = set()
    while waiting:
        place, model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield place, model
        inner = [(f"{place}.{key}".lstrip("."), kind) for key, kind in model.keys().items()]
        waiting = [part for key, kind in inner for part in _inner(key, kind)] + waiting


def _inner(place: str, kind: Any) -> Iterator[tuple[str, type[Typed]]]:
    for _, member in members(kind):
        origin, parts = get_origin(member), get_args(member)
        if is_typed(member):
            yield place, member
        elif origin is dict:
            yield from _inner(f"{place}.<name>", parts[1])
        elif origin is list:
            yield from _inner(f"{place}[]", parts[0])


def _part(place: str, model: type[Typed]) -> str:
    rows = [
        f"| `{key}` | {_type(field.annotation)} | {_default(key, model, field)} | {_escaped(field.description or '')} |"
        for key, field in ((field.alias or name, field) for name, field in model.model_fields.items())
    ]
    title = f"`{place}`{_which(model)}" if place else "The file"
    return "\n".join([f"## {title}", "", _purpose(model), "", "| key | type | without it | meaning |", "|---|---|---|---|", *rows, ""])


def _purpose(model: type[Typed]) -> str:
    """The first paragraph of a model's docstring."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def _which(model: type[Typed]) -> str:
    """The kind of a part, if its place allows several kinds."""
    words = choices(model.keys().get("kind"))
    return f" of kind `{words[0]}`" if len(words) == 1 else ""


def _type(kind: Any) -> str:
    return " or ".join(dict.fromkeys(_word(member) for _, member in members(kind)))


def _word(kind: Any) -> str:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(f"`{word}`" for word in parts)
    if origin is list:
        return f"list of {_type(parts[0])}s"
    if origin is dict:
        return f"name → {_type(parts[1])}"
    return "mapping" if is_typed(kind) else WORDS.get(kind, "day YYYY-MM-DD" if kind.__name__ == "date" else kind.__name__)


def _default(key: str, model: type[Typed], field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    if field.default is None or field.default in ([], {}):
        return ""
    schema = adapter(model).json_schema()["properties"][key]["default"]
    return f"`{_yaml(schema)}`"


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_yaml(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value == "" else f"{value:g}" if isinstance(value, float) else str(value)


def _codes(model: str) -> str:
    needs = [f"`{name}`" for name in (*IDENTITY.get(model, ()), *ALWAYS.get(model, ()))]
    lines = [f"### {model}", ""]
    if needs:
        lines += [f"Columns that it cannot do without: {', '.join(needs)}.", ""]
    lines += ["| column | holds | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {kind} | {_escaped(meaning)} |" for name, kind, meaning in columns_of(PROJECT / "include" / "sql", model)]
    lines.append("")
    if CODES[model]:
        lines += ["| column | code | meaning |", "|---|---|---|"]
        lines += [f"| `{column}` | `{code}` | {meaning} |" for column, codes in CODES[model].items() for code, meaning in codes.items()]
        lines.append("")
    return "\n".join(lines)


def _own_words() -> str:
    lines = ["### Code columns without a list", "", "They hold numbers and words of the source, or codes of the project's own lists.", ""]
    return "\n".join(
        [*lines, "| column | what it holds |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in OWN_WORDS.items()), ""]
    )


def _escaped(words: str) -> str:
    return words.replace("|", "\\|")


def write() -> None:
    """Write the page."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
