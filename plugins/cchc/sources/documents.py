"""Read the records of a JSON document as a stream: it is never in memory as a whole, and one record of it is at most as long as a limit.

A document is an object or a list of objects. `records` of an entity is the place of the records in it: a list, or one object.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

from cchc.sources.exact_json import twice
from cchc.sources.fields import is_name
from cchc.sources.limits import DEEPEST_DOCUMENT, Limits
from cchc.sources.paths import place
from cchc.sources.profile import Entity
from cchc.sources.record_limit import EMPTY, NOT_CLOSED, RecordLimit
from cchc.sources.unread import Unfinished, Unreadable

CHUNK = 2**16
BOM = b"\xef\xbb\xbf"
NAMES_SHOWN = 12
NO_NUMBER = "a number after record {} has thousands of digits, or an exponent that no number has"
NAMED_LEVELS = 2


def json_records(content: BinaryIO, entity: Entity, limits: Limits) -> Iterator[tuple[int, Any]]:
    """Yield (number, record) for the records of a JSON document.

    Raises Unfinished if the document is not at its end, and Unreadable if it is no JSON, has no records at their place, is nested too
    deeply, or if a record is longer than the limit.
    """
    import ijson

    picked = Picked(entity)
    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events)
    record, is_first = RecordLimit(limits), True
    while chunk := content.read(CHUNK):
        fault = _fault_of(parser, chunk.removeprefix(BOM) if is_first else chunk, record)
        is_first = False
        record.take(len(chunk), is_within=picked.is_within or not events)
        for event, value in events:
            if picked.see(event, value):
                yield record.next(), picked.record
        events.clear()
        if fault is not None:
            raise Unreadable(_not_json(fault, record.number)) from None  # the words of the library repeat the content
        record.require()
    if is_first:
        raise Unfinished(EMPTY)
    try:
        parser.close()
    except ijson.JSONError:
        raise Unfinished(NOT_CLOSED) from None
    except (InvalidOperation, SystemError) as error:
        raise _no_number(error, record) from None
    for event, value in events:  # a document that is a bare number ends only here
        picked.see(event, value)
    picked.require()


def _fault_of(parser: Any, chunk: bytes, record: RecordLimit) -> Exception | None:
    """Give the parser a piece of the document; the error where it is none of JSON. Raises Unreadable at a number that cannot be read."""
    import ijson

    try:
        parser.send(chunk)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        return error
    except (InvalidOperation, SystemError) as error:
        # the last event has no value then, and a process that looks at it ends
        raise _no_number(error, record) from None
    return None


def _no_number(error: Exception, record: RecordLimit) -> Exception:
    """What is raised where a number cannot be read: the library lets one that Python refuses end as a SystemError."""
    if isinstance(error, SystemError) and not isinstance(error.__cause__, ValueError):
        return error
    return Unreadable(NO_NUMBER.format(record.number))


def _not_json(error: Exception, number: int) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 after record {number}"
    if "trailing garbage" in str(error):
        return "after the end of the document there is more; a file with one document a line is named .ndjson"
    return f"it is no JSON after record {number}"


class Picked:
    """Builds the records at a place in a document from the events of a parser, and passes over everything else.

    `record`: the one that the last event ended. `is_within`: whether one is being built.
    """

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.record: Any = None
        self._places = _places(entity.records)
        self._path: list[Any] = []  # the key or the number of each value in which the next one stands
        self._maps: list[bool] = []
        self._list_at: int | None = None  # how deep in the document the list is whose elements are records
        self._built: list[Any] = []  # the values that are open in the record
        self._keys: list[str] = []
        self._twice: str | None = None  # a field that the record has twice
        self._found = False
        self._names: dict[str, None] = {}

    @property
    def is_within(self) -> bool:
        """Whether a record has begun and not ended."""
        return bool(self._built)

    def require(self) -> None:
        """Raise Unreadable if the document had nothing at the place of the records."""
        if not self._found:
            shown = list(self._names)[:NAMES_SHOWN]
            more = " …" if len(self._names) > len(shown) else ""
            raise Unreadable(
                f"the document has no {self.entity.records!r}; it has the keys {', '.join(shown) or '(none)'}{more}",
                f"entities.{self.entity.name}.records",
            )

    def see(self, event: str, value: Any) -> bool:
        """Take one event. Returns whether it ended a record."""
        if event == "map_key":
            self._see_key(value.replace("\0", ""))
            return False
        if event in ("start_map", "start_array"):
            self._open(event == "start_map")
            return False
        if event in ("end_map", "end_array"):
            return self._close()
        return self._scalar(_plain(value))

    def _see_key(self, key: str) -> None:
        if self._built:
            self._keys[-1] = key
            return
        self._path[-1] = key
        if len(self._path) <= NAMED_LEVELS and len(self._names) <= NAMES_SHOWN and is_name(key):
            self._names[".".join(str(step) for step in self._path)] = None

    def _open(self, is_map: bool) -> None:
        if len(self._path) + len(self._built) >= DEEPEST_DOCUMENT:
            raise Unreadable(f"it is nested more than {DEEPEST_DOCUMENT} levels deep")
        if self._built:
            self._begin({} if is_map else [])
            return
        if self._enters(is_map):
            self._begin({} if is_map else [])
        else:
            self._path.append(None if is_map else -1)
            self._maps.append(is_map)

    def _enters(self, is_map: bool) -> bool:
        """Whether the object or list that begins now is a record; otherwise it is gone into. Notes where the list of the records is."""
        self._step()
        if self._list_at is not None and self._list_at == len(self._path):
            return True
        if self._list_at is None and self._is_place():
            self._found = True
            if is_map:
                return True
            self._list_at = len(self._path) + 1
        return False

    def _step(self) -> None:
        """Count an element, if the value that begins now stands in a list that is gone into."""
        if self._path and not self._maps[-1]:
            self._path[-1] += 1

    def _is_place(self) -> bool:
        return any(len(steps) == len(self._path) and list(steps) == self._path for steps in self._places)

    def _begin(self, value: Any) -> None:
        self._put(value)
        self._built.append(value)
        self._keys.append("")

    def _put(self, value: Any) -> None:
        if not self._built:
            return
        inner = self._built[-1]
        if type(inner) is dict:
            if self._keys[-1] in inner:
                self._twice = self._keys[-1]
            inner[self._keys[-1]] = value
        else:
            inner.append(value)

    def _close(self) -> bool:
        if self._built:
            self.record = self._built.pop()
            self._keys.pop()
            if not self._built and self._twice is not None:
                self.record, self._twice = twice(self._twice), None
            return not self._built
        self._path.pop()
        self._maps.pop()
        if self._list_at is not None and len(self._path) < self._list_at:
            self._list_at = None
        return False

    def _scalar(self, value: Any) -> bool:
        if self._built:
            self._put(value)
            return False
        self._step()
        if self._list_at is not None and self._list_at == len(self._path):
            self.record = value
            return True
        if self._list_at is None and self._is_place():
            what = repr(self.entity.records) if self.entity.records else "the document"
            kind = "null" if value is None else type(value).__name__
            raise Unreadable(f"{what} is no list and no object but {kind}", f"entities.{self.entity.name}.records")
        return False


def _places(name: str | None) -> list[tuple[Any, ...]]:
    """The places that a name may mean: the key itself, or where the path leads. A last `[*]` is left out: a list is always opened."""
    if name is None:
        return [()]
    steps = place(name) or ()
    while steps and type(steps[-1]) not in (str, int):
        steps = steps[:-1]
    return [(name,), steps]


def _plain(value: Any) -> Any:
    """A scalar as other JSON is read here, but without the loss of digits: a number that no float holds becomes its text."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(repr(near)) == value else str(value)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return str(value)
    return value
