"""How many findings there are, by unit, month and kind. Counting all of them takes seconds, so they are counted in the background."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any

from sqlalchemy import Connection, text

from cchc.dashboard.warehouse import reading
from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse.queries import ask

COUNT_SECONDS = 300


@dataclass(frozen=True)
class Counted:
    """The findings as counted at a moment: rows with finding_code, name_vi, finding_order, unit_code, month_start, finding_count."""

    state: tuple[Any, ...]
    counted_at: datetime
    rows: Sequence[dict[str, Any]]

    def of(self, first: date, before: date, unit: str | None = None) -> list[dict[str, Any]]:
        """How many of each kind there are in some months (from `first`, before `before`), in the order of lists; of one unit, or of all."""
        names = {row["finding_code"]: (row["finding_order"], row["name_vi"]) for row in self.rows}
        count: Counter[str] = Counter()
        for row in self.rows:
            if first <= row["month_start"] < before and unit in (None, row["unit_code"]):
                count[row["finding_code"]] += row["finding_count"]
        return [
            {"finding_code": code, "name_vi": names[code][1], "finding_count": count[code]}
            for code in sorted(count, key=lambda code: names[code][0])
        ]


class Findings:
    """The newest count. A count of an older state of the warehouse is given, with its moment, until the next one is there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="findings")
        self._lock = Lock()
        self._newest: Counted | None = None
        self._running: Future[Counted] | None = None

    def counted(self, connection: Connection) -> Counted | None:
        """The newest count; None where the first one is still running. Raises what the last count failed with."""
        state = tuple(ask(connection, "dashboard/state")[0].values())
        with self._lock:
            if self._running is not None and self._running.done():
                finished, self._running = self._running, None
                self._newest = finished.result()
            if self._running is None and (self._newest is None or self._newest.state != state):
                self._running = self._worker.submit(self._count, state)
            return self._newest

    def _count(self, state: tuple[Any, ...]) -> Counted:
        with reading(self._settings) as connection:
            connection.execute(text(f"set local statement_timeout = '{COUNT_SECONDS}s'"))
            return Counted(state, now(), ask(connection, "dashboard/finding_count"))
