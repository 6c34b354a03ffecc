"""Follow the elements of XML safely, and make objects of them: what documents of drop folders and answers over HTTP have in common.

An element becomes an object: its attributes are `@name`, its elements stand under their names without a prefix, several of one name are a
list, and a text beside attributes or elements is `#text`. An element that has neither is its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.sax import SAXException  # the class of an error alone; defusedxml parses
from xml.sax.handler import ContentHandler

from cchc.sources.limits import DEEPEST_DOCUMENT, Limits
from cchc.sources.paths import ANY, place
from cchc.sources.profile import Entity
from cchc.sources.record_limit import EMPTY, NOT_CLOSED, RecordLimit
from cchc.sources.unread import Unfinished, Unreadable

CHUNK = 2**16
NILS = ("xsi:nil", "i:nil")


class Handler(ContentHandler):
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

    def after(self, number: int) -> str:
        """Where a fault is, in words for messages: after how many records."""
        return f" after record {number}"

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


def parsed(content: BinaryIO, handler: Handler, limits: Limits) -> Iterator[tuple[int, Any]]:
    """Yield (number, record) for each record of the handler, as soon as it ended.

    Raises Unfinished if the document is not at its end, and Unreadable if it is no XML, declares entities, is nested too deeply, or if a
    record is longer than the limit.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.expatreader import create_parser

    parser = create_parser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    parser.setContentHandler(handler)
    record, is_empty = RecordLimit(limits), True
    while chunk := content.read(CHUNK):
        fault, is_empty, handler.seen = None, False, 0
        try:
            parser.feed(chunk)
        except DefusedXmlException:
            raise Unreadable("it declares entities, or refers to another document; both are not read") from None
        except (LookupError, ValueError):
            if handler.path:
                raise
            raise Unreadable("it declares an encoding that is not read; have it delivered as UTF-8") from None
        except SAXException as error:
            fault = error
        record.take(len(chunk), is_within=handler.is_within or not handler.seen)
        for ready in handler.ready:
            yield record.next(), ready
        handler.ready = []
        if fault is not None:
            raise Unreadable(f"it is no XML{handler.after(record.number)}") from None  # the words of the library may repeat the content
        record.require()
    if is_empty:
        raise Unfinished(EMPTY)
    try:
        parser.close()
    except SAXException:
        raise Unfinished(NOT_CLOSED) from None


class Element:
    """An element that has begun; `texts` takes the pieces of its text."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.texts: list[str] = []
        self.is_nil = any(attributes.pop(name, "") in ("true", "1") for name in NILS)
        self._fields: dict[str, Any] = {f"@{name}": text for name, text in attributes.items()}

    def put(self, name: str, value: Any, *, is_list: bool) -> None:
        """Add an element of it."""
        add(self._fields, name, value, is_list=is_list)

    @property
    def value(self) -> Any:
        """What the element becomes."""
        text = "".join(self.texts).strip()
        if not self._fields:
            return None if self.is_nil else text
        if text:
            self._fields["#text"] = text
        return self._fields


def add(fields: dict[str, Any], name: str, value: Any, *, is_list: bool) -> None:
    """Put a value under a name of an object; several of one name become a list."""
    if name not in fields:
        fields[name] = [value] if is_list else value
    elif type(fields[name]) is list:  # a value of its own is never a list
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


def lists_of(entity: Entity) -> tuple[tuple[Any, ...], ...]:
    """The places in a record that are lists also where a single element is there: those of `each` and of list columns."""
    lists: list[tuple[Any, ...]] = []
    around: tuple[Any, ...] = ()
    if entity.each is not None:
        around = list_place(entity.each.list)
        lists.append(around)
    for column in entity.columns:
        if column.items is not None and column.source is not None:
            steps = list_place(column.source)
            lists.append(steps[1:] if around and steps[:1] == ("parent",) else (*around, *steps))
    return tuple(lists)


def list_place(name: str) -> tuple[Any, ...]:
    """The steps to a list that a name or path of a profile names: `a.b` and `a.b[*]` are the same list. () for a path with other steps."""
    steps = place(name) or ()
    while steps and steps[-1] is ANY:
        steps = steps[:-1]
    return steps
