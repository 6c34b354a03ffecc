"""What stands around the records in an answer that is XML: numbers are texts, and an element around no records is an empty list.

In XML nothing shows an empty list but the element around it. So the list is empty only where that element is there and has nothing in it,
or where the answer has the total or the place of the next page, which an answer of another kind has not.
"""

from __future__ import annotations

from typing import Any

from cchc.errors import ContractViolation
from cchc.sources.envelope import Envelope
from cchc.sources.paths import ABSENT, finder, place
from cchc.sources.profile import Http
from cchc.sources.xml_elements import list_place

LEVELS = 5


class XmlEnvelope(Envelope):
    """Reads the pages of one source that answers in XML, by its profile."""

    levels = LEVELS

    def find(self, name: str, body: Any) -> Any:
        """The one value at a place; `*` stands for an element of any name. ABSENT where there is none, or more than one."""
        steps = list_place(name) if name == self.pages.data else place(name)
        if steps is None:
            return finder(name)(body)
        found = _at(body, steps)
        return found[0] if len(found) == 1 else ABSENT

    def find_total(self, body: Any) -> Any:
        """The number of records, which is a text in XML."""
        value = self.find(self.pages.total, body)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
        return value

    def records(self, body: Any, where: str) -> list[Any]:
        """The list of records in an answer."""
        if self.find(self.pages.data, body) is ABSENT and self._is_empty(body, where):
            return []
        return super().records(body, where)

    def _is_empty(self, body: Any, where: str) -> bool:
        """Whether an answer without the element of the records is an empty list."""
        around = _at(body, list_place(self.pages.data)[:-1])
        if len(around) != 1 or not isinstance(around[0], str | dict):
            return False
        inside = around[0]
        if inside == "" or (isinstance(inside, dict) and all(name.startswith("@") and not name.endswith(":nil") for name in inside)):
            return True
        if isinstance(inside, dict) and "#text" not in inside and self._is_of_this_kind(body):
            return True
        raise ContractViolation(
            f"{where}: the answer has no element {self.pages.data!r}, and what stands around it is not empty, so nobody knows whether it "
            f"is an empty list. {self.at_fault('data', body, is_absent=True)} An answer with its total (total) is known to be empty."
        )

    def _is_of_this_kind(self, body: Any) -> bool:
        return any(name and self.find(name, body) is not ABSENT for name in (self.pages.total, self.pages.next))


def envelope_of(http: Http, source: str) -> Envelope:
    """What reads the pages of a source."""
    return (XmlEnvelope if http.answers == "xml" else Envelope)(http.paginator, source)


def _at(value: Any, steps: tuple[Any, ...]) -> list[Any]:
    """The values at a place. The last element may be a list; the path leads through no other."""
    found = [value]
    for step in steps:
        found = [inner for each in found for inner in _below(each, step)]
    return found


def _below(value: Any, step: Any) -> list[Any]:
    if isinstance(step, int):
        return [value[step]] if isinstance(value, list) and -len(value) <= step < len(value) else []
    if not isinstance(value, dict):
        return []
    if isinstance(step, str):
        return [value[step]] if step in value else []
    return [inner for name, inner in value.items() if not name.startswith(("@", "#"))]
