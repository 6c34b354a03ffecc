"""Read the records of an XML document as a stream: without entities, without the network, and with the memory of one record.

What an element becomes is in xml_elements.py. An event log (XES) has a row for each event: the attributes of the event under their keys,
and those of its trace under `case:` and the key, as process mining tools write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from cchc.sources.fields import is_name
from cchc.sources.limits import Limits
from cchc.sources.paths import place
from cchc.sources.profile import Entity
from cchc.sources.unread import Unreadable
from cchc.sources.xml_elements import Element, Handler, add, lists_of, parsed

NAMES_SHOWN = 12
NAMED_LEVELS = 3
XES_TYPES = ("string", "date", "int", "float", "boolean", "id", "list", "container")


def xml_records(content: BinaryIO, entity: Entity, limits: Limits) -> Iterator[tuple[int, Any]]:
    """Yield (number, record) for each element at the place of the records.

    Raises Unfinished if the document is not at its end, and Unreadable if it is no XML, declares entities, has no records at their place,
    is nested too deeply, or if a record is longer than the limit.
    """
    handler = Elements(entity)
    yield from parsed(content, handler, limits)
    handler.require()


def xes_rows(content: BinaryIO, entity: Entity, limits: Limits) -> Iterator[tuple[int, Any]]:
    """Yield (number, row) for each event of an event log, and for each trace without events. Raises as `xml_records` does."""
    if entity.records is not None:
        raise Unreadable("the records of an event log (XES) are its events, in no other place", f"entities.{entity.name}.records")
    yield from parsed(content, Events(), limits)


class Elements(Handler):
    """Builds the elements at the place of an entity's records."""

    def __init__(self, entity: Entity) -> None:
        super().__init__()
        self.entity = entity
        self._place = _element_place(entity)
        self._lists = lists_of(entity)
        self._open: list[Element] = []
        self._found = False
        self._names: dict[str, None] = {}

    @property
    def is_within(self) -> bool:
        """Whether a record is being built."""
        return bool(self._open)

    def begin(self, attributes: dict[str, str]) -> None:
        """Begin a record, or an element of one."""
        if self._open:
            self._open.append(Element(attributes))
        elif list(self._place) == self.path:
            self._found = True
            self._open.append(Element(attributes))
        elif len(self.path) <= NAMED_LEVELS and len(self._names) <= NAMES_SHOWN and is_name(self.path[-1]):
            self._names[".".join(self.path)] = None

    def characters(self, content: str) -> None:
        """Take a piece of text."""
        self.seen += 1
        if self._open:
            self._open[-1].texts.append(content)

    def end(self) -> None:
        """End an element: it is put into the one around it, or it is a record."""
        if not self._open:
            return
        value = self._open.pop().value
        if not self._open:
            self.ready.append(value)
            return
        below = tuple(self.path[len(self._place) :])
        self._open[-1].put(below[-1], value, is_list=below in self._lists)

    def require(self) -> None:
        """Raise Unreadable if the document had no element at the place of the records."""
        if not self._found:
            shown = list(self._names)[:NAMES_SHOWN]
            more = " …" if len(self._names) > len(shown) else ""
            raise Unreadable(
                f"the document has no element {self.entity.records!r}; it has {', '.join(shown) or '(none)'}{more}",
                f"entities.{self.entity.name}.records",
            )


def _element_place(entity: Entity) -> tuple[Any, ...]:
    if entity.records is None:
        raise Unreadable(
            "an XML document needs the place of its records, the names of elements from the outermost one on",
            f"entities.{entity.name}.records",
        )
    steps = place(entity.records) or ()
    while steps and type(steps[-1]) is not str:
        steps = steps[:-1]
    if any(type(step) is int for step in steps):
        raise Unreadable("the place of the records in XML has no [n]", f"entities.{entity.name}.records")
    return steps


class Events(Handler):
    """Builds the rows of an event log."""

    def __init__(self) -> None:
        super().__init__()
        self._trace: dict[str, Any] = {}
        self._event: dict[str, Any] | None = None
        self._keys: list[str] = []
        self._events_of_trace = 0

    @property
    def is_within(self) -> bool:
        """Whether a trace or an event is being built. What the log says of itself before them may be long, and is not kept."""
        return self.path[1:2] in (["trace"], ["event"])

    def begin(self, attributes: dict[str, str]) -> None:
        """Begin a trace, an event, or an attribute of one."""
        kind = self.path[-1]
        if self.path[0] != "log":
            raise Unreadable("it is no event log (XES): its outermost element is no log")
        if self.path == ["log", "trace"]:
            self._trace, self._events_of_trace = {}, 0
        elif kind == "event":
            self._event = {}
        elif kind in XES_TYPES and (self._event is not None or "trace" in self.path):
            self._attribute(kind, attributes)

    def _attribute(self, kind: str, attributes: dict[str, str]) -> None:
        self._keys.append(attributes.get("key", ""))
        if kind in ("list", "container"):
            return
        if self._event is None and self._events_of_trace:
            raise Unreadable("attributes of a trace stand after its events, so its first rows would lack them")
        fields = self._trace if self._event is None else self._event
        name = ".".join(key for key in self._keys if key)
        add(fields, f"case:{name}" if self._event is None else name, attributes.get("value"), is_list=False)

    def end(self) -> None:
        """End an attribute, an event (it is a row), or a trace."""
        kind = self.path[-1]
        if kind in XES_TYPES and self._keys:
            self._keys.pop()
        elif kind == "event" and self._event is not None:
            self.ready.append({**(self._trace if "trace" in self.path else {}), **self._event})
            self._event, self._events_of_trace = None, self._events_of_trace + 1
        elif self.path == ["log", "trace"]:
            if not self._events_of_trace:
                self.ready.append(self._trace)
            self._trace = {}
