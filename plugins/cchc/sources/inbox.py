"""What lies in a drop folder: the files that may be read, and everything else with the reason why it is left alone.

With `files.subfolders` the folders in it are gone into; a file then has its path below the drop folder as its name (`2024/05/a.json`).
Links are never followed: they may lead anywhere.
"""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import IO

from cchc.sources.landing import Folder
from cchc.sources.profile import Entity, Files

DEEPEST_FOLDER = 32
NOT_OPENED = "a folder, which is not looked into"
NO_FILE = "no ordinary file"
FORBIDDEN = "a folder that the account of this program may not read"
TOO_DEEP = f"a folder more than {DEEPEST_FOLDER} folders deep"


class Inbox:
    """The drop folder of a source, listed once. `names`: its files, sorted; `left`: (name, reason) of what is no file that may be read."""

    def __init__(self, folder: Folder, files: Files) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.left: list[tuple[str, str]] = []
        self._list(folder, "", files.subfolders, 0)
        self.names.sort()

    def _list(self, folder: Folder, above: str, goes_down: bool, depth: int) -> None:
        for name, kind in folder.entries():
            path = above + name
            if kind == "file":
                self.names.append(path)
            elif kind != "directory":
                self.left.append((path, NO_FILE))
            elif not goes_down:
                self.left.append((path, NOT_OPENED))
            elif depth >= DEEPEST_FOLDER:
                self.left.append((path, TOO_DEEP))
            else:
                self._go_into(folder.child(name), path, depth)

    def _go_into(self, folder: Folder, path: str, depth: int) -> None:
        try:
            self._list(folder, f"{path}/", True, depth + 1)
        except PermissionError:
            self.left.append((path, FORBIDDEN))

    def open(self, name: str) -> IO[bytes]:
        """The file as a stream of bytes. Raises FileNotFoundError, PermissionError or another OSError."""
        stream: IO[bytes] = self.folder.fs.open(self._path(name), "rb")
        return stream

    def exists(self, name: str) -> bool:
        """Whether a file of this name is there now."""
        return bool(self.folder.fs.exists(self._path(name)))

    def modified_at(self, name: str) -> datetime | None:
        """When the file was last written; None if the file system does not say so."""
        try:
            at: datetime = self.folder.fs.modified(self._path(name))
        except (NotImplementedError, OSError, KeyError):
            return None
        return at if at.tzinfo is not None else None

    def _path(self, name: str) -> str:
        return f"{self.folder.path}/{name}"


def matching(entity: Entity, names: list[str]) -> list[str]:
    """The `names` that match the entity's file pattern, with or without .gz. A pattern without / is about the last part of a path."""
    patterns = expanded(entity.file_pattern or "")
    return [name for name in names if any(_fits(name.removesuffix(".gz"), pattern) for pattern in patterns)]


def subject(name: str, pattern: str) -> str:
    """What of a file's name a pattern of the profile is about: the whole path where the pattern has a /, else the name alone."""
    return name if "/" in pattern else name.rpartition("/")[2]


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(subject(name, pattern), pattern)


def expanded(pattern: str) -> list[str]:
    """`a_*.{csv,xlsx}` → `a_*.csv`, `a_*.xlsx`."""
    before, opened, rest = pattern.partition("{")
    if not opened:
        return [pattern]
    choices, _, after = rest.partition("}")
    return [before + choice + ending for choice in choices.split(",") for ending in expanded(after)]


def is_of(entities: dict[str, Entity], name: str) -> bool:
    """Whether an entity of the profile reads files of this name."""
    return any(matching(entity, [name]) for entity in entities.values())
