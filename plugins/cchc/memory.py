"""Memory that was used and is free again, and how often garbage is looked for, at last when a process ends."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

MANY_OBJECTS = 200_000  # those of a page of records; Python itself looks for garbage after 700


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let the collector of garbage look rarely, while records are read by the thousand.

    Records have no cycles, so it finds nothing in them, and visits all of a page again and again while the page is read. It is not switched
    off: what a library leaves in cycles would stay, as an answer of an HTTP client that failed.
    """
    before = gc.get_threshold()
    gc.set_threshold(MANY_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def arrow_gives_back() -> Iterator[None]:
    """Let Arrow take its memory from the allocator of the system meanwhile, which `give_back` can empty.

    Its own allocator is faster by a few percent, and keeps a hundred MB of a table that is gone.
    """
    import pyarrow as pa  # only few processes need it

    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def give_back() -> None:
    """Give the memory that Python has freed back to the system.

    The allocator of glibc keeps what lies below something that is still in use, as if it could be needed again: 170 MB after an extract of
    100,000 records. A process that runs several steps one after the other would need the sum of what each of them needs. A C library
    without this function keeps what it likes. What only the collector of garbage can free is not looked for: that takes a third of a
    second in a large process. Arrow's own allocator keeps what was freed as well, and gives it back here.
    """
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except AttributeError:
        return
    trim(0)


def end_at_once() -> None:
    """Let the process end without a last look for garbage.

    Python visits every object of every library before it ends, and frees them one by one: half a second after an ingest. The system takes
    all of it back at once. What is registered with `atexit` is done all the same.
    """
    gc.freeze()
