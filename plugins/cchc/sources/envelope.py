"""What stands around the records in an answer: where they are, how many there are in all, and where the next page is.

A path that finds nothing is told with its key in the profile and with the keys that the answer has, because the profile may be wrong as
well as the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cchc.errors import ContractViolation
from cchc.sources.fields import is_name
from cchc.sources.paths import ABSENT, finder
from cchc.sources.profile import Paginator

KEYS_SHOWN = 12
PLACE = "http.paginator"


@dataclass(frozen=True)
class Page:
    """One page: its records, the total that the source tells (None: none), and the next cursor or address (None: this is the last page).

    `has_next`: whether the answer has the place of the next page at all, with null or a value in it.
    """

    records: list[Any]
    total: int | None
    next: str | None
    has_next: bool


class Envelope:
    """Reads the pages of one source, by its profile."""

    levels = 2

    def __init__(self, pages: Paginator, source: str) -> None:
        self.pages = pages
        self.source = source

    def page(self, body: Any, headers: Mapping[str, str], where: str) -> Page:
        """The page in an answer. Raises ContractViolation where the answer is not as the profile says."""
        pages = self.pages
        if not isinstance(body, dict) and (pages.data or pages.total) and not (isinstance(body, list) and _leads_on(pages.data)):
            raise ContractViolation(
                f"{where}: the answer is no object but {type(body).__name__}. It is not an empty list: ask the source's owner, or where "
                f'{self._place("data")} is wrong, correct it (data: "" is an answer that is the list itself).'
            )
        total = self._total(body, headers, where)
        records = self.records(body, where)
        following, has_next = self._next(body, headers, where)
        return Page(records, total, following, has_next)

    def find(self, name: str, body: Any) -> Any:
        """The value at a place of an answer; ABSENT where there is none."""
        return finder(name)(body)

    def find_total(self, body: Any) -> Any:
        """The value where the number of records is."""
        return self.find(self.pages.total, body)

    def records(self, body: Any, where: str) -> list[Any]:
        """The list of records in an answer."""
        data = self.pages.data
        found = self.find(data, body) if data else body
        if isinstance(found, list):
            return found
        kind = "NoneType" if found is ABSENT else type(found).__name__
        what = f"{data!r} of the answer" if data else "the answer"
        raise ContractViolation(
            f"{where}: {what} is no list but {kind}. It is not an empty list. {self.at_fault('data', body, found is ABSENT)}"
        )

    def _total(self, body: Any, headers: Mapping[str, str], where: str) -> int | None:
        pages = self.pages
        if pages.total_header:
            text = headers.get(pages.total_header, "").strip()
            if not (text.isascii() and text.isdigit()):
                raise ContractViolation(
                    f"{where}: the answer has no header {pages.total_header} with a whole number, so nobody knows whether it is whole. "
                    f"Where the number is elsewhere, correct {self._place('total_header')}; otherwise ask the owner."
                )
            return int(text)
        if not pages.total:
            return None
        value = self.find_total(body)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ContractViolation(
                f"{where}: the answer has no {pages.total!r} (a whole number from 0), so nobody knows whether it is whole. "
                f"{self.at_fault('total', body, value is ABSENT)}"
            )
        return value

    def _next(self, body: Any, headers: Mapping[str, str], where: str) -> tuple[str | None, bool]:
        pages = self.pages
        if pages.next_header:
            value = headers.get(pages.next_header)
            return (value or None), value is not None
        if not pages.next:
            return None, False
        value = self.find(pages.next, body)
        if value is ABSENT or value is None or value == "":
            return None, value is not ABSENT
        if not isinstance(value, str):
            raise ContractViolation(f"{where}: {pages.next!r} is neither text nor null but {type(value).__name__}.")
        return value, True

    def no_next(self, where: str) -> ContractViolation:
        """The error of a page without a place for the next one, where nothing else proves that it is the last page."""
        name = "next_header" if self.pages.next_header else "next"
        return ContractViolation(
            f"{where}: the answer has no {(self.pages.next_header or self.pages.next)!r}, so nobody knows whether more pages follow. "
            f"Correct {self._place(name)}, name the number of records (total), or where the last page has none, say absent_at_end: true."
        )

    def at_fault(self, key: str, body: Any, is_absent: bool) -> str:
        """Who has to look at what: the profile too where its path finds nothing, else the source alone."""
        if not is_absent:
            return "Ask the source's owner."
        return (
            f"{keys_of(body, self.levels)} Where it has another name there, correct {self._place(key)}; otherwise ask the source's owner."
        )

    def _place(self, key: str) -> str:
        return f"{PLACE}.{key} in the profile {self.source}.yaml"


def _leads_on(path: str) -> bool:
    """Whether a path may begin in a list."""
    return path.startswith(("$", "["))


def keys_of(body: Any, levels: int = 2) -> str:
    """A sentence that names the keys of an answer, so many levels deep, without what looks like data."""
    if not isinstance(body, dict):
        return f"The answer is a {type(body).__name__}."
    names = _names(body, levels)
    more = f" and {len(names) - KEYS_SHOWN} more" if len(names) > KEYS_SHOWN else ""
    return f"The answer has the keys {', '.join(names[:KEYS_SHOWN]) or '(none)'}{more}."


def _names(value: Any, levels: int) -> list[str]:
    if not isinstance(value, dict) or not levels:
        return []
    names: list[str] = []
    for key, inner in value.items():
        if is_name(key):
            names += [key, *(f"{key}.{name}" for name in _names(inner, levels - 1))]
    return names
