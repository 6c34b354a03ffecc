"""Read the text of a YAML file of the project: a key that stands twice, a value that is none and a text without a bottom are told.

It knows no model, so that what is read before everything else can use it (`cchc.authority`); `cchc.typed` reads files into models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cchc.errors import NotConfigured

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a PyYAML that was built without libyaml: slower, otherwise the same
    from yaml import SafeLoader  # type: ignore[assignment]

NO_VALUE = (ValueError, OverflowError, AttributeError, KeyError)  # PyYAML for what looks like a day, a number or a !!tag, and is none
DEEPEST = 50  # lists and mappings within one another
MOST_VALUES = 100_000  # values of one file, each counted as often as an anchor repeats it


class _TwiceError(Exception):
    def __init__(self, key: str, line: int) -> None:
        super().__init__(key)
        self.key = key
        self.line = line


class Loader(SafeLoader):
    """A SafeLoader that refuses a key that stands twice in one mapping."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in seen:
                    raise _TwiceError(key.value, key.start_mark.line + 1)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep=deep)


def read_text(path: Path) -> tuple[str, Any]:
    """The text of the YAML file `path`, and what it says.

    Raises NotConfigured if it cannot be read, and as `data_of`.
    """
    text = text_of(path)
    return text, data_of(path.name, text)


def text_of(path: Path) -> str:
    """The text of the YAML file `path`. Raises NotConfigured if it cannot be read, or is no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotConfigured(f"{path.name} is not YAML: {error}") from error
    except OSError as error:
        raise NotConfigured(f"{path.name} cannot be read: {error}") from error


def data_of(name: str, text: str) -> Any:
    """What a YAML text says. `name`: that of its file, for messages.

    Raises NotConfigured if it is not YAML, says a key twice, has a value that is none (2023-99-99), or is deeper or larger than any file of
    ours can be meant.
    """
    try:
        _require_bounds(name, text)
        return yaml.load(text, Loader)  # noqa: S506 a SafeLoader
    except _TwiceError as error:
        raise NotConfigured(f"{name} line {error.line}: the key {error.key!r} stands there a second time; keep one.") from None
    except yaml.YAMLError as error:
        raise NotConfigured(f"{name} is not YAML: {error}") from error
    except NO_VALUE as error:
        raise NotConfigured(f"{name} has a value that is no day, number or what its tag says ({error}); quote a text.") from error


def _require_bounds(name: str, text: str) -> None:
    """Raise NotConfigured for a YAML text that is nested too deeply, or that repeats itself by its anchors to more than it can mean.

    Its events are read one by one: deep lists would exhaust the stack of the library, which ends the process, and ten anchors within one
    another make ten thousand million values of a few lines.
    """
    sizes: dict[str, int] = {}  # how many values an anchor stands for
    open_values: list[tuple[str | None, int]] = [(None, 0)]  # the anchor of each open value, and how many values it has so far
    for event in yaml.parse(text, Loader):
        mark, anchor, size = event.start_mark, getattr(event, "anchor", None), 0
        line = 0 if mark is None else mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == each for each, _ in open_values):
                raise NotConfigured(f"{name} line {line}: *{anchor} stands in the value that it repeats, which would never end.")
            size = sizes.get(anchor or "", 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            open_values.append((anchor, 1))
        elif isinstance(event, (yaml.CollectionEndEvent, yaml.ScalarEvent)):
            anchor, size = open_values.pop() if isinstance(event, yaml.CollectionEndEvent) else (anchor, 1)
            if anchor is not None:
                sizes[anchor] = size
        open_values[-1] = (open_values[-1][0], open_values[-1][1] + size)
        if len(open_values) > DEEPEST:
            raise NotConfigured(f"{name} line {line}: it is nested more than {DEEPEST} levels deep.")
        if open_values[-1][1] > MOST_VALUES:
            raise NotConfigured(f"{name} line {line}: with what its anchors repeat it has more than {MOST_VALUES:,} values.")
