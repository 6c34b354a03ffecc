"""Memory that was used and is free again."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Give the memory that Python has freed back to the system.

    The allocator of glibc keeps what lies below something that is still in use, as if it could be needed again: 170 MB after an extract of
    100,000 records. A process that runs several steps one after the other would need the sum of what each of them needs. A C library
    without this function keeps what it likes. What only the collector of garbage can free is not looked for: that takes a third of a
    second in a large process.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except AttributeError:
        return
    trim(0)
