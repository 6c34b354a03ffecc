"""What a killed backup, or a killed test of one, has left: a copy of everything, with the secrets, that nothing else would ever remove.

The process that makes or tests a backup holds a lock on its folder; the lock ends with the process, however it ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cchc.warehouse import embedded as postgres

log = logging.getLogger(__name__)

REMAINS = re.compile(r"\.(?:[0-9]{8}T[0-9]{6}|test)\..+")  # the names under which a backup is made and tested
YOUNG = 60.0  # seconds in which another process may have made a folder and not locked it yet


@contextmanager
def in_work(folder: Path) -> Iterator[None]:
    """Hold a folder that is being made, so that no other process takes it for remains."""
    number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks: then nothing is ever taken for remains there
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(number)


def remove_remains(folder: Path) -> list[str]:
    """Remove what killed backups and tests have left in the folder of the backups, and stop their servers. The names that went."""
    gone = []
    for path in sorted(folder.iterdir()):
        if REMAINS.fullmatch(path.name) and path.is_dir() and not path.is_symlink() and _is_left(path):
            if path.name.startswith(".test."):
                postgres.stop(path)
            shutil.rmtree(path)
            log.warning("%s was left by a backup that was killed; it is removed", path)
            gone.append(path.name)
    return gone


def _is_left(path: Path) -> bool:
    """Whether nobody works in a folder any more."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return time.time() - os.fstat(number).st_mtime > YOUNG
    except OSError:
        return False
    finally:
        os.close(number)
