"""Files and locks: write a file whole or not at all, keep it private, make it once, lock it, read its end."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600  # only the owner may read and write
USUAL = 0o666  # less what the umask of the process takes away


def write_atomic(path: Path, data: str | bytes, mode: int = USUAL) -> None:
    """Write a file under another name in the same folder, then rename it: a reader sees the old content or the new one, never a part.

    Arguments: `data`, text is written as UTF-8; `mode`, the permissions of the file. The folder must exist.
    Raises OSError where the folder cannot be written; then the former file is as it was.
    """
    temporary = _written_beside(path, data, mode)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_private(path: Path, data: str | bytes) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises OSError as `write_atomic` does."""
    write_atomic(path, data, PRIVATE)


def private_folder(path: Path) -> Path:
    """The folder, made where it is missing, so that its owner alone may look into it. Returns it.

    A folder of another account keeps its permissions: it was made on purpose by whoever runs the machine.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(PermissionError):
        path.chmod(0o700)
    return path


def make_once(path: Path, make: Callable[[], str]) -> str:
    """The content of a private file; where the file does not exist, `make` gives the content first. Its folder is made too.

    When several processes call this at the same time, one of them makes the file and all get its content: the file is written under
    another name and then linked, and a link is refused where the name exists. Raises OSError where the folder cannot be written.
    """
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = _written_beside(path, make(), PRIVATE)
    try:
        with suppress(FileExistsError):  # another process was first: its content counts
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path.read_text(encoding="utf-8")


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Hold the lock of this file, and give its descriptor. The file and its folder are made where they are missing.

    The lock ends with the last process that has the file open: a process that inherits the descriptor holds it too. `wait`: whether to
    wait while another process holds the lock; without it, BlockingIOError is raised.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield file.fileno()


def tail(path: Path, lines: int = 30) -> str:
    """The last lines of a text file without empty ones, for an error message; "(there is no log)" where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(there is no log)"
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def _written_beside(path: Path, data: str | bytes, mode: int) -> Path:
    """A new file in the folder of `path` with this content and these permissions, on disk before it is used."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
