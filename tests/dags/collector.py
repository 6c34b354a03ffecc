"""A collector of OpenLineage on this machine, which keeps the events that it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.http import Handler, listening


@dataclass
class Sink:
    """A collector that keeps what it is sent.

    `hangs`: it takes an event and does not answer; `held`: how many events it has so, `let_go`: how many of them it gave up.
    """

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    hangs: bool = False
    held: int = 0
    let_go: int = 0

    def of(self, job: str, kind: str) -> list[dict[str, Any]]:
        """The events of one job and one type."""
        return [event for event in self.events if event["job"]["name"] == job and event["eventType"] == kind]

    def wait_for(self, job: str, kind: str) -> None:
        """Wait for an event that a process of its own sends: those of whole runs."""
        until = time.monotonic() + 20
        while not self.of(job, kind):
            assert time.monotonic() < until, [(event["job"]["name"], event["eventType"]) for event in self.events]
            time.sleep(0.1)


@pytest.fixture(scope="module")
def collector() -> Iterator[Sink]:
    sink, is_over = Sink(), threading.Event()

    class Answer(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if sink.hangs:
                sink.held += 1
                is_over.wait(600)
                sink.let_go += 1
                return
            if self.path == "/api/v1/lineage":
                sink.events.append(json.loads(body))
                sink.keys.append(self.headers["Authorization"])
            self.send_response(201)
            self.end_headers()

    with listening(Answer) as url:
        sink.url = url
        yield sink
        is_over.set()
