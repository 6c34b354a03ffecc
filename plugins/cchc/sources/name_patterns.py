"""The day, month or year in the name of a file: placeholders such as `{yyyy-MM}` in `files.name`, as regular expressions."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(r"\{((?:yyyy|MM|dd|[-_. ])+)\}")
_PARTS = {"yyyy": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{2})", "dd": r"(?P<day>\d{2})"}
SHORTEST = ("yyyy", "yyyyMM", "yyyyMMdd")


def with_placeholders(pattern: str) -> str:
    """A pattern for names with a regular expression in place of its placeholder: `a_{yyyy}` → `a_(?P<date>(?P<year>…))`.

    Raises ValueError for a placeholder without a year, with a day and no month, or with a part twice, and for two placeholders.
    """
    found = _PLACEHOLDER.findall(pattern)
    if len(found) > 1:
        raise ValueError("a name has one placeholder for its day")
    for parts in found:
        tokens = sorted(re.findall("yyyy|MM|dd", parts), key=["yyyy", "MM", "dd"].index)
        if "".join(tokens) not in SHORTEST:
            raise ValueError(f"{{{parts}}} is no year, month or day: yyyy, yyyy and MM, or yyyy, MM and dd, in any order")
    return _PLACEHOLDER.sub(lambda match: f"(?P<date>{_expression(match.group(1))})", pattern)


def _expression(parts: str) -> str:
    return "".join(_PARTS.get(token, re.escape(token)) for token in re.findall("yyyy|MM|dd|.", parts))


def is_shorter_than_a_day(pattern: str) -> bool:
    """Whether the names have a year or a month alone, by the placeholder of their pattern."""
    return any("dd" not in parts for parts in _PLACEHOLDER.findall(pattern))


def expanded(pattern: str) -> list[str]:
    """`a_*.{csv,xlsx}` → `a_*.csv`, `a_*.xlsx`."""
    before, opened, rest = pattern.partition("{")
    if not opened:
        return [pattern]
    choices, _, after = rest.partition("}")
    return [before + choice + ending for choice in choices.split(",") for ending in expanded(after)]
