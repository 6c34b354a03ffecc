"""The central idea of the demo: a record is a list of versions, and the clock decides which of them a reader sees.

A version is valid from the second in which it became known (`changed_at`) until the next one replaced it (`until`). At clock `t`
the reader sees the version with `changed_at < t <= until`. A change in the second of the clock itself is not visible yet, so an
extract with the window `[from, t)` at clock `t` is complete.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import Any

Entry = tuple[int, Any, Any, int]
"""(changed_at, key, record, until); `key` orders the records that changed in one second."""


class Timeline:
    """All versions of one entity in the order (changed_at, key), and the view of them at a clock."""

    def __init__(self, entries: list[Entry]) -> None:
        entries.sort()
        self.entries = entries
        self._lock = threading.Lock()
        self._cached: tuple[int, list[Entry]] | None = None

    def view(self, at: int) -> list[Entry]:
        """The entries that are visible at clock `at`, sorted. The newest view is cached, because the pages of one extract share it."""
        cached = self._cached
        if cached is not None and cached[0] == at:
            return cached[1]
        with self._lock:
            if self._cached is None or self._cached[0] != at:
                seen = self.entries[: bisect_left(self.entries, (at,))]
                self._cached = (at, [entry for entry in seen if entry[3] >= at])
            return self._cached[1]


def window(view: list[Entry], first: int | None, end: int | None) -> tuple[int, int]:
    """The positions of the half-open window [first, end) on `changed_at`."""
    low = 0 if first is None else bisect_left(view, (first,))
    high = len(view) if end is None else bisect_left(view, (end,))
    return low, max(low, high)
