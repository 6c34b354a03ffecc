"""Read the records of an XML document as a stream: without entities, without the network, and with the memory of one record.

An element becomes an object: its attributes are `@name`, its elements stand under their names without a prefix, several of one name are a
list, and a text beside attributes or elements is `#text`. An element that has neither is its text. An event log (XES) has a row for each
event: the attributes of the event under their keys, and those of its trace under `case:` and the key, as process mining tools write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.sax import SAXException  # the class of an error alone; defusedxml parses
from xml.sax.handler import ContentHandler

from cchc.sources.fields import is_name
from cchc.sources.limits import DEEPEST_DOCUMENT, MIB, Limits
from cchc.sources.paths import place
from cchc.sources.profile import Entity
from cchc.sources.unread import Unfinished, Unreadable

CHUNK = 2**16
NAMES_SHOWN = 12
NAMED_LEVELS = 3
NIL = "xsi:nil"
XES_TYPES = ("string", "date", "int", "float", "boolean", "id", "list", "container")


def xml_records(content: BinaryIO, entity: Entity, limits: Limits) -> Iterator[tuple[int, Any]]:
    """Yield (number, record) for each element at the place of the records.

    Raises Unfinished if the document is not at its end, and Unreadable if it is no XML, declares entities, has no records at their place,
    is nested too deeply, or if a record is longer than the limit.
    """
    handler = Elements(entity)
    yield from _parsed(content, handler, limits)
    handler.require()


def xes_rows(content: BinaryIO, entity: Entity, limits: Limits) -> Iterator[tuple[int, Any]]:
    """Yield (number, row) for each event of an event log, and for each trace without events. Raises as `xml_records` does."""
    if entity.records is not None:
        raise Unreadable("the records of an event log (XES) are its events, in no other place", f"entities.{entity.name}.records")
    yield from _parsed(content, Events(), limits)


class _Handler(ContentHandler):
    """Follows the elements of a document. `ready`: the records that ended since it was emptied; `is_within`: whether one has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.ready: list[Any] = []
        self.seen = 0
        self.path: list[str] = []

    @property
    def is_within(self) -> bool:
        """Whether a record is being built."""
        raise NotImplementedError

    def startElement(self, name: str, attrs: Any) -> None:
        """Take the beginning of an element."""
        self.seen += 1
        if len(self.path) >= DEEPEST_DOCUMENT:
            raise Unreadable(f"it is nested more than {DEEPEST_DOCUMENT} levels deep")
        self.path.append(name.rpartition(":")[2])
        self.begin({key: value for key, value in attrs.items() if key != "xmlns" and not key.startswith("xmlns:")})

    def endElement(self, name: str) -> None:
        """Take the end of an element."""
        self.seen += 1
        self.end()
        self.path.pop()

    def skippedEntity(self, name: str) -> None:
        """Refuse an entity that is declared elsewhere: its text would be missing without a word."""
        raise Unreadable("it has an entity that is declared in another document, which is not read")

    def begin(self, attributes: dict[str, str]) -> None:
        """Take the beginning of the element at `path`."""
        raise NotImplementedError

    def end(self) -> None:
        """Take the end of the element at `path`."""
        raise NotImplementedError


def _parsed(content: BinaryIO, handler: _Handler, limits: Limits) -> Iterator[tuple[int, Any]]:
    from defusedxml.common import DefusedXmlException
    from defusedxml.expatreader import create_parser

    parser = create_parser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    parser.setContentHandler(handler)
    number, held, is_empty = 0, 0, True
    while chunk := content.read(CHUNK):
        fault, is_empty, handler.seen = None, False, 0
        try:
            parser.feed(chunk)
        except DefusedXmlException:
            raise Unreadable("it declares entities, or refers to another document; both are not read") from None
        except SAXException as error:
            fault = error
        held = held + len(chunk) if handler.is_within or not handler.seen else 0
        for record in handler.ready:
            number, held = number + 1, 0
            yield number, record
        handler.ready = []
        if fault is not None:
            raise Unreadable(f"it is no XML after record {number}") from None  # the words of the library may repeat the content
        if held > limits.record * MIB:
            raise Unreadable(f"the record after number {number} has more than {limits.record} MB (CCHC_MAX_RECORD_MB)")
    if is_empty:
        raise Unfinished("it is empty")
    try:
        parser.close()
    except SAXException:
        raise Unfinished("the document is not closed: its end is missing") from None


class Elements(_Handler):
    """Builds the elements at the place of an entity's records."""

    def __init__(self, entity: Entity) -> None:
        super().__init__()
        self.entity = entity
        self._place = _element_place(entity)
        self._lists = _lists_of(entity)
        self._open: list[_Element] = []
        self._found = False
        self._names: dict[str, None] = {}

    @property
    def is_within(self) -> bool:
        """Whether a record is being built."""
        return bool(self._open)

    def begin(self, attributes: dict[str, str]) -> None:
        """Begin a record, or an element of one."""
        if self._open:
            self._open.append(_Element(attributes))
        elif list(self._place) == self.path:
            self._found = True
            self._open.append(_Element(attributes))
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


class _Element:
    """An element that has begun."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.texts: list[str] = []
        self.is_nil = attributes.pop(NIL, "") in ("true", "1")
        self._fields: dict[str, Any] = {f"@{name}": text for name, text in attributes.items()}

    def put(self, name: str, value: Any, *, is_list: bool) -> None:
        """Add an element of it."""
        _add(self._fields, name, value, is_list=is_list)

    @property
    def value(self) -> Any:
        """What the element becomes."""
        text = "".join(self.texts).strip()
        if not self._fields:
            return None if self.is_nil else text
        if text:
            self._fields["#text"] = text
        return self._fields


def _add(fields: dict[str, Any], name: str, value: Any, *, is_list: bool) -> None:
    if name not in fields:
        fields[name] = [value] if is_list else value
    elif type(fields[name]) is list:  # a value of its own is never a list
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


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


def _lists_of(entity: Entity) -> set[tuple[Any, ...]]:
    """The places in a record that are lists also where a single element is there: those of `each` and of list columns."""
    lists: set[tuple[Any, ...]] = set()
    around: tuple[Any, ...] = ()
    if entity.each is not None:
        around = place(entity.each.list) or ()
        lists.add(around)
    for column in entity.columns:
        if column.items is not None and column.source is not None:
            steps = place(column.source) or ()
            lists.add(steps[1:] if around and steps[:1] == ("parent",) else (*around, *steps))
    return lists


class Events(_Handler):
    """Builds the rows of an event log."""

    def __init__(self) -> None:
        super().__init__()
        self._trace: dict[str, Any] = {}
        self._event: dict[str, Any] | None = None
        self._keys: list[str] = []
        self._events_of_trace = 0

    @property
    def is_within(self) -> bool:
        """Whether a trace or an event is being built."""
        return len(self.path) > 1

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
        _add(fields, f"case:{name}" if self._event is None else name, attributes.get("value"), is_list=False)

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
