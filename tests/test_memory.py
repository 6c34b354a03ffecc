"""Memory that is free again goes back to the system."""

from __future__ import annotations

import subprocess
import sys

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
