"""Fault injection: sometimes 429 and 503, tokens that expire early, records that come twice. It is off by default.

Seed and number of the request decide, so the same requests in the same order have the same faults. Two faults never follow each
other, so a client that retries succeeds.
"""

from __future__ import annotations

import random
import threading

from demo.answers import Refusal

TOKEN_CALLS = 25
"""How many calls a token lives when faults are injected."""
REPEATED = 3
"""How many records of a page come again on the next one."""


class InjectedFaults:
    """The faults of a server: none where they are not active."""

    def __init__(self, active: bool, seed: int) -> None:
        self.active = active
        self._seed = seed
        self._lock = threading.Lock()
        self._calls = 0
        self._bad = False

    def strike(self) -> None:
        """Refuse about one of twelve requests."""
        if not self.active:
            return
        with self._lock:
            self._calls += 1
            chance = random.Random(f"{self._seed}/weather/{self._calls}").random()
            self._bad = chance < 0.08 and not self._bad
            bad = self._bad
        if bad:
            status = 429 if chance < 0.04 else 503
            raise Refusal(status, "slow down" if status == 429 else "back in a moment", {"Retry-After": "1"})
