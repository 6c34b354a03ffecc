"""Answers that take the warehouse seconds: counted in the background, and kept until a row of the warehouse changes.

A page never waits for them. It shows the newest answer with the moment at which it was counted, and says if the data have changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection, text

from cchc.dashboard.warehouse import reading
from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse.queries import ask

T = TypeVar("T")
Question = Callable[[Connection], T]
COUNT_SECONDS = 300  # the most that PostgreSQL may take for one statement of a count
REST = 5  # after a count the same question rests for so many times the seconds that it took, however often the data change
KEPT = 64


@dataclass(frozen=True)
class Known(Generic[T]):
    """An answer, the moment at which it was counted, and whether nothing has changed since."""

    value: T
    at: datetime
    is_fresh: bool


@dataclass(frozen=True)
class _Counted:
    """What one count gave. `changes`: how often rows had been written before it began. `rests_until`: on the clock of `monotonic`."""

    value: Any
    at: datetime
    changes: int
    rests_until: float


@dataclass
class _Entry:
    newest: _Counted | None = None
    running: Future[_Counted] | None = None


class Kept:
    """The answers of one installation, for all requests of this process together."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="dashboard-count")
        self._entries: dict[Hashable, _Entry] = {}
        self._lock = Lock()

    def answer(self, connection: Connection, name: Hashable, question: Question[T]) -> Known[T] | None:
        """The newest answer to a question; None while it is counted for the first time.

        Arguments: `connection`, the one of the page, which tells whether the data have changed; `name`, what tells this question from all
        others; `question`, what counts on a connection of its own. Raises what the last count failed with; the next call tries again.
        """
        changes = int(ask(connection, "dashboard/changes")[0]["changes"])
        with self._lock:
            entry = self._entries.pop(name, None) or _Entry()
            self._entries[name] = entry  # the one that was asked for last stands at the end
            self._take(entry)
            if entry.running is None and (entry.newest is None or self._is_due(entry.newest, changes)):
                entry.running = self._worker.submit(self._count, question, changes)
            self._forget()
            newest = entry.newest
        return None if newest is None else Known(cast("T", newest.value), newest.at, newest.changes == changes)

    @staticmethod
    def _is_due(newest: _Counted, changes: int) -> bool:
        return newest.changes != changes and monotonic() >= newest.rests_until

    @staticmethod
    def _take(entry: _Entry) -> None:
        """Put what a finished count gave in its place. Raises what it failed with, once."""
        if entry.running is not None and entry.running.done():
            finished, entry.running = entry.running, None
            entry.newest = finished.result()

    def _forget(self) -> None:
        """Drop the answers that nobody has asked for lately."""
        for name in [name for name, entry in self._entries.items() if entry.running is None][: max(0, len(self._entries) - KEPT)]:
            del self._entries[name]

    def _count(self, question: Question[Any], changes: int) -> _Counted:
        began = monotonic()
        with reading(self._settings) as connection:
            connection.execute(text(f"set local statement_timeout = '{COUNT_SECONDS}s'"))
            at = now()
            value = question(connection)
        ended = monotonic()
        return _Counted(value, at, changes, ended + REST * (ended - began))


@cache
def kept(settings: Settings) -> Kept:
    """The kept answers of an installation."""
    return Kept(settings)
