"""Where records may lie in a JSON or XML document, found by its first megabytes: each place is one that `records` of a profile can name."""

from __future__ import annotations

from collections import Counter
from typing import Any, BinaryIO

from cchc.profiles.nested_fields import path_of
from cchc.sources.limits import MIB, Limits
from cchc.sources.unread import Unfinished, Unreadable
from cchc.sources.xml_elements import Handler, parsed

MOST_BYTES = 16 * MIB
MOST_PLACES = 12
DEEPEST = 5
CHUNK = 2**16


def json_places(content: BinaryIO) -> list[str | None]:
    """The places of a JSON document: None for the document itself, then the lists of objects in it that stand in no other list.

    What is no JSON, or is cut off, gives the places that came before; reading the records tells what is wrong.
    """
    import ijson

    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events)
    lists, read = _Lists(), 0
    try:
        while read < MOST_BYTES and (chunk := content.read(CHUNK)):
            read += len(chunk)
            parser.send(chunk.removeprefix(b"\xef\xbb\xbf") if read == len(chunk) else chunk)
            for event, value in events:
                lists.see(event, value)
            events.clear()
    except ijson.JSONError:
        pass
    return [None] if lists.root_is_list else [None, *lists.found][:MOST_PLACES]


class _Lists:
    """Follows the events of a JSON document, and keeps the paths of lists of objects outside other lists."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self.root_is_list = False
        self._path: list[str | None] = []  # the key of each object that is open; None for a list

    def see(self, event: str, value: Any) -> None:
        """Take one event."""
        if event == "map_key":
            self._path[-1] = value
        elif event == "start_map":
            self._in_list()
            self._path.append("")
        elif event == "start_array":
            self.root_is_list = self.root_is_list or not self._path
            self._path.append(None)
        elif event in ("end_map", "end_array"):
            self._path.pop()

    def _in_list(self) -> None:
        """Keep the list whose element an object is, if all around it are objects."""
        if not self._path or self._path[-1] is not None:
            return
        keys = [key for key in self._path[:-1] if key is not None]
        if 0 < len(keys) <= DEEPEST and len(keys) == len(self._path) - 1:
            self.found.setdefault(path_of(keys))


def xml_places(content: BinaryIO, limits: Limits) -> list[str]:
    """The places of an XML document: elements with attributes or elements in them, of which none stands in one that comes several times.

    What is no XML, or is cut off, gives the places that came before; reading the records tells what is wrong.
    """
    elements = _Elements()
    try:
        for _ in parsed(_Head(content), elements, limits):  # type: ignore[arg-type]  # it reads, which is all that is asked of it
            pass
    except (Unfinished, Unreadable):
        pass
    several = {path for path, times in elements.times.items() if times > 1}
    outside = [
        path
        for path in elements.times
        if path in elements.complex and len(path) <= DEEPEST and not any(path[:length] in several for length in range(1, len(path)))
    ]
    return [path_of(path) for path in outside][:MOST_PLACES]


class _Head:
    """The first megabytes of a stream."""

    def __init__(self, content: BinaryIO) -> None:
        self._content, self._left = content, MOST_BYTES

    def read(self, size: int) -> bytes:
        """So many bytes, or none after the first megabytes."""
        data = self._content.read(min(size, self._left))
        self._left -= len(data)
        return data


class _Elements(Handler):
    """Counts the elements of a document by their path."""

    def __init__(self) -> None:
        super().__init__()
        self.times: Counter[tuple[str, ...]] = Counter()
        self.complex: set[tuple[str, ...]] = set()

    @property
    def is_within(self) -> bool:
        """Whether a record is being built: none is, an element is only counted."""
        return False

    def begin(self, attributes: dict[str, str]) -> None:
        """Count an element."""
        path = tuple(self.path)
        self.times[path] += 1
        self.complex.add(path[:-1])
        if attributes:
            self.complex.add(path)

    def end(self) -> None:
        """Nothing is kept of an element."""
