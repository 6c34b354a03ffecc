"""Memory that is free again goes back to the system, and garbage is looked for."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from cchc.memory import MANY_OBJECTS, rarely_collected

# the last texts stay, and hold the heap where it is
_PROGRAM = """
import psutil
from cchc.memory import give_back

used = lambda: psutil.Process().memory_info().rss
texts = [bytes(3000) for _ in range(60_000)]
last = texts[-10:]
full = used()
del texts
kept = used()
give_back()
print(full - kept, full - used())
"""


def test_memory_below_what_is_still_in_use_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    by_itself, given_back = map(int, done.stdout.split())
    assert given_back > 150_000_000 > 100_000_000 > by_itself


def test_garbage_is_looked_for_rarely_but_is_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="on purpose"), rarely_collected():
        assert gc.isenabled() and gc.get_threshold() == (MANY_OBJECTS, *before[1:])
        raise ValueError("on purpose")
    assert gc.get_threshold() == before
