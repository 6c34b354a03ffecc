"""Which delivered rows count: the conditions under `where` of an entity. A row that one of them refuses is counted and not stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

Record = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """What a field must be for its row to count; everything that is given must hold.

    `among`, `not_among`: texts, of which "" stands for a missing value; `matches`, `not_matches`: regular expressions that are searched;
    `is_present`: whether there must be a value, or none.
    """

    field: str
    among: frozenset[str] | None = None
    not_among: frozenset[str] = frozenset()
    matches: str | None = None
    not_matches: str | None = None
    is_present: bool | None = None

    @property
    def words(self) -> str:
        """The condition as a person reads it."""
        parts = [
            (self.among is not None, f"in {_listed(self.among or ())}"),
            (bool(self.not_among), f"not_in {_listed(self.not_among)}"),
            (self.matches is not None, f"matches {self.matches}"),
            (self.not_matches is not None, f"not_matches {self.not_matches}"),
            (self.is_present is not None, f"present {str(self.is_present).lower()}"),
        ]
        return f"{self.field} " + " and ".join(words for is_given, words in parts if is_given)

    def test(self, is_missing: Callable[[Any], bool]) -> Callable[[Record], bool]:
        """A function that says whether a delivered record keeps the condition. `is_missing`: whether a value means missing."""
        matches = None if self.matches is None else re.compile(self.matches)
        not_matches = None if self.not_matches is None else re.compile(self.not_matches)

        def holds(record: Record) -> bool:
            text = _text(record.get(self.field))
            if is_missing(text):
                text = ""
            return (
                (self.among is None or text in self.among)
                and text not in self.not_among
                and (matches is None or matches.search(text) is not None)
                and (not_matches is None or not_matches.search(text) is None)
                and (self.is_present is None or self.is_present == (text != ""))
            )

        return holds


def row_test(conditions: tuple[Condition, ...], is_missing: Callable[[Any], bool]) -> Callable[[Record], bool] | None:
    """A function that says whether a delivered record counts; None if all do."""
    if not conditions:
        return None
    tests = [condition.test(is_missing) for condition in conditions]
    return lambda record: all(holds(record) for holds in tests)


def _text(value: Any) -> str:
    """A delivered value as the text that the profile compares: a whole number without a fraction, truth values in small letters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return normalize("NFC", str(value)).strip()


def _listed(words: frozenset[str] | tuple[str, ...]) -> str:
    return "[" + ", ".join(sorted(words)) + "]"
