"""Waiting for something that another process does: ask, sleep, ask again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def wait_until(ask: Callable[[], Answer], seconds: float, every: float = 0.1) -> Answer:
    """Ask until the answer is true, but not longer than `seconds`; the last answer, which is false where the time was not enough.

    Arguments: `every`, the seconds between two questions. It asks at least once, and once more at the end of the time. To stop earlier,
    `ask` raises an error, which is passed on.
    """
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        left = end - time.monotonic()
        if answer or left <= 0:
            return answer
        time.sleep(min(every, left))
