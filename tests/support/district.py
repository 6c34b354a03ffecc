"""A small demo district for tests outside tests/demo: one served at a time, its records made once for the whole session."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import server
from demo.district import District

SCALE = 0.01
CLOCK = "2024-01-02T00:00:00+07:00"  # T of the tests: the whole year 2023 is past, and the blocked payment files have not come yet


@functools.cache
def district() -> District:
    """The district; made once, read by many."""
    return District(seed=53, scale=SCALE)


@contextmanager
def served(state: Path, clock: str = CLOCK) -> Iterator[server.Demo]:
    """A running demo with a state folder of its own."""
    running = server.start(state, clock=clock, district=district())
    try:
        yield running
    finally:
        running.stop()
