"""The scorecard as it was known at any past moment. It is computed anew, which takes seconds, so a page asks again until it is there."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any

from cchc.errors import NothingKnown, WrongUse
from cchc.period import Period, now
from cchc.reports.scorecard import scorecard
from cchc.settings import Settings

KEPT = 32
WAITING = 4

Key = tuple[datetime, str, str | None]
Rows = list[dict[str, Any]]


class Past:
    """Scorecards of past moments, computed one after the other in the background and kept for the next who asks.

    The computation takes everything that came later out of the warehouse, within a transaction that is rolled back. It therefore needs the
    login of the tasks; the pages themselves only read.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="past-scorecard")
        self._made: OrderedDict[Key, Future[Rows]] = OrderedDict()
        self._lock = Lock()

    def rows(self, moment: datetime, period: Period, scope: str | None) -> Rows | None:
        """The rows of the scorecard as known at `moment`; None while they are computed.

        Raises WrongUse for a moment in the future, where nothing was known then, and where too many others wait.
        """
        if moment > now():
            raise WrongUse(f"{moment.isoformat()} has not come yet")
        key = (moment, period.code, scope)
        with self._lock:
            future = self._made.get(key)
            if future is None:
                if sum(not made.done() for made in self._made.values()) >= WAITING:
                    raise WrongUse(f"{WAITING} past moments are being computed; ask again in a minute")
                future = self._made[key] = self._worker.submit(scorecard, self._settings, period, scope, moment=moment)
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
        if not future.done():
            return None
        if not isinstance(future.exception(), NothingKnown | None):
            with self._lock:
                self._made.pop(key, None)  # the next one who asks tries again
        return future.result()


@cache
def past(settings: Settings) -> Past:
    """The scorecards of past moments of an installation, for all requests of this process together."""
    return Past(settings)
