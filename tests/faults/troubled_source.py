"""The sources of a world over HTTP, whose next answers go wrong in a way that a test asks for: on the wire, not in the client."""

from __future__ import annotations

import gzip
import json
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.oracle.server import ContractServer
from tests.oracle.world import World

SLOW_SECONDS = 1.3  # longer than `TIMEOUT_SECONDS` of the profiles of a round
INFLATED = gzip.compress(b"[" + b" " * (3 * 2**20) + b"]")  # larger than `ANSWER_MB`


def _records(value: Any) -> list[Any]:
    """The list of records within an answer of either source; an empty list where there is none."""
    found = value.get("data", value.get("content", [])) if isinstance(value, dict) else []
    return found if isinstance(found, list) else []


def _total(value: Any) -> Any:
    """The answer claims one record more than there are."""
    name = "total" if "total" in value else "totalElements"
    return value | {name: value.get(name, 0) + 1}


def _moved(value: Any) -> Any:
    """A record has moved to another page while the source was read: the first of this page is not on it."""
    name = "data" if "data" in value else "content"
    return value | {name: _records(value)[1:]}


def _twice(value: Any) -> Any:
    """A record stands on the page twice, in the place of another one."""
    name = "data" if "data" in value else "content"
    records = _records(value)
    return value | {name: [*records[1:], records[-1]]}


LIES: dict[str, Callable[[Any], Any]] = {
    "lies about the total": _total,
    "moves a record off its page": _moved,
    "sends a record twice for another": _twice,
    "is a list instead of an object": lambda value: [value],
    "lacks its records": lambda value: {name: item for name, item in value.items() if name not in ("data", "content")},
}
# a single page that comes again for ever: the reader must see it, because the source never says that it is over
ENDLESS = "repeats its page for ever"
WIRE = (
    "resets the connection", "hangs up without an answer", "breaks off in the middle", "is too slow", "answers 503", "answers 500",
    "answers 401", "answers a page of HTML", "answers nothing", "answers damaged JSON", "inflates beyond the limit",
)  # fmt: skip
QUICK = tuple(kind for kind in WIRE if kind not in ("is too slow", "inflates beyond the limit"))  # what a source does that is ill
KINDS = (*WIRE, *LIES, ENDLESS)


class TroubledSource(ContractServer):
    """`trouble`: what goes wrong with the data requests after so many others; `done`: how often each kind was carried out."""

    def __init__(self, world: World, folder: Path) -> None:
        self.trouble: str | None = None
        self.after, self.times = 0, 1
        self.flaky: random.Random | None = None
        self.done: Counter[str] = Counter()
        self.lasting: set[str] = set()
        super().__init__(world, folder)

    def plan(self, kind: str | None, after: int = 0, times: int = 1) -> None:
        """Let so many requests after `after` others go wrong; None: no request any more."""
        self.trouble, self.after, self.times, self.lasting, self.flaky = kind, after, times, set(), None

    def be_flaky(self, chance: random.Random) -> None:
        """Let every second request go wrong, by chance, each in another way, until something else is planned."""
        self.plan(None)
        self.flaky = chance

    def take(self, method: str, path: str) -> str | None:
        """What goes wrong with this request. The endless page lasts until something else is planned."""
        if method != "GET":
            return None
        if self.flaky is not None:
            return self.flaky.choice(QUICK) if self.flaky.random() < 0.5 else None
        if self.trouble is None:
            return None
        if self.after > 0:
            self.after -= 1
            return None
        kind, self.times = self.trouble, self.times - (self.trouble != ENDLESS)
        if self.times == 0:
            self.trouble = None
        return kind

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server, plain = self, super()._handler()

        class Handler(plain):  # type: ignore[valid-type, misc]
            def _troubled(self) -> None:
                kind = server.take(self.command, self.path)
                if kind is None:
                    self._serve()
                    return
                server.done[kind] += kind not in server.lasting
                server.lasting = {kind} & {ENDLESS}
                status, value, more = server.answer(self.command, self.path, self.headers, "")
                if kind in LIES or kind == ENDLESS:
                    self._lie(kind, status, value, more)
                else:
                    self._fail(kind, json.dumps(value).encode())

            def _lie(self, kind: str, status: int, value: Any, more: dict[str, str]) -> None:
                if kind == ENDLESS and isinstance(value, dict):
                    value = value | ({"next_cursor": "from:again"} if "data" in value else {"last": False, "totalPages": 10**6})
                elif kind in ("moves a record off its page", "sends a record twice for another") and len(_records(value)) < 2:
                    value = _total(value)  # there is nothing to move
                elif isinstance(value, dict):
                    value = LIES[kind](value)
                self._answer(status, json.dumps(value).encode(), **more)

            def _fail(self, kind: str, body: bytes) -> None:
                if kind == "resets the connection":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                elif kind == "hangs up without an answer":
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                elif kind == "breaks off in the middle":
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body) + 100))
                    self.end_headers()
                    self.wfile.write(body[: len(body) // 2])
                    self.close_connection = True
                else:
                    self._answer_badly(kind, body)

            def _answer_badly(self, kind: str, body: bytes) -> None:
                if kind == "is too slow":
                    time.sleep(SLOW_SECONDS)
                    self._answer(200, body)
                elif kind.startswith("answers ") and kind[8:].isdigit():
                    self._answer(int(kind[8:]), b'{"error": "trouble"}')
                elif kind == "inflates beyond the limit":
                    self._answer(200, INFLATED, **{"Content-Encoding": "gzip"})
                else:
                    bodies = {"answers a page of HTML": b"<html><body>Dang bao tri</body></html>", "answers nothing": b""}
                    self._answer(200, bodies.get(kind, body[: len(body) // 2]))

            def _answer(self, status: int, body: bytes, **headers: str) -> None:
                try:
                    self.send_response(status)
                    for name, given in headers.items():
                        self.send_header(name, given)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # the reader has gone
                    self.close_connection = True

            do_GET = do_POST = _troubled

        return Handler
