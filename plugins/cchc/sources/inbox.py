"""What lies in a drop folder: the files that may be read, and everything else with the reason why it is left alone.

With `files.subfolders` the folders in it are gone into; a file then has its path below the drop folder as its name (`2024/05/a.json`).
Links are never followed: they may lead anywhere. With `files.archives` the files in zip archives are files of the drop folder too
(`may.zip/a.csv`).
"""

from __future__ import annotations

import os
import stat
from datetime import datetime
from fnmatch import fnmatchcase
from typing import IO

from fsspec.implementations.local import LocalFileSystem

from cchc.sources.archives import NESTED, Archive, is_archive
from cchc.sources.hidden_letters import hidden_letter
from cchc.sources.kinds import small_ending
from cchc.sources.landing import Folder
from cchc.sources.limits import Limits
from cchc.sources.name_patterns import expanded
from cchc.sources.profile import Entity, Files
from cchc.sources.unread import Gone, Unfinished, Unreadable

DEEPEST_FOLDER = 32
NOT_OPENED = "a folder, which is not looked into"
NO_FILE = "no ordinary file"
NO_TEXT = "a name that is no text in UTF-8, which can be neither shown nor kept"
# such a name forges lines of logs, moves the cursor of screens, or looks like another one
HIDDEN = "a name with characters that nobody sees, such as a line break"
FORBIDDEN = "a folder that the account of this program may not read"
FORBIDDEN_FILE = "an archive that the account of this program may not read"
REMOVED = "removed while the folder was read"
EMPTY = "an archive without files"
TOO_DEEP = f"a folder more than {DEEPEST_FOLDER} folders deep"


class NoOrdinaryFile(OSError):
    """What bears the name is a folder, a link, a pipe or another thing that is no file to be read."""


class Inbox:
    """The drop folder of a source, listed once. It holds one archive and its server open, so it must be closed.

    `names`: its files, sorted; `left`: (name, reason) of what is no file that may be read; `broken`: the archives that cannot be opened.
    """

    def __init__(self, folder: Folder, files: Files, limits: Limits) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.left: list[tuple[str, str]] = []
        self.broken: dict[str, Unfinished | Unreadable] = {}
        self._files, self._limits = files, limits
        self._members: dict[str, tuple[str, str]] = {}
        self._archives: set[str] = set()
        self._open: tuple[str, Archive] | None = None
        self._list(folder, "", 0)
        self.names.sort()
        self._there = frozenset(self.names)

    def __enter__(self) -> Inbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive that is open, and leave the server."""
        self._close_archive()
        self.folder.close()

    def _close_archive(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _list(self, folder: Folder, above: str, depth: int) -> None:
        for name, kind in folder.entries():
            path = above + name
            if not _is_text(name):
                self.left.append((path, NO_TEXT))
            elif hidden_letter(name):
                self.left.append((path, HIDDEN))
            elif kind == "file":
                self._add(path)
            elif kind != "directory":
                self.left.append((path, NO_FILE))
            elif not self._files.subfolders:
                self.left.append((path, NOT_OPENED))
            elif depth >= DEEPEST_FOLDER:
                self.left.append((path, TOO_DEEP))
            else:
                self._go_into(folder.child(name), path, depth)

    def _go_into(self, folder: Folder, path: str, depth: int) -> None:
        try:
            self._list(folder, f"{path}/", depth + 1)
        except PermissionError:
            self.left.append((path, FORBIDDEN))
        except FileNotFoundError:
            self.left.append((path, REMOVED))

    def _add(self, path: str) -> None:
        if not (self._files.archives and is_archive(path)):
            self.names.append(path)
            return
        try:
            archive = self._archive(path)
        except (Unfinished, Unreadable) as problem:
            self.broken[path] = problem
            return
        except PermissionError:
            self.left.append((path, FORBIDDEN_FILE))
            return
        except FileNotFoundError:
            self.left.append((path, REMOVED))
            return
        except NoOrdinaryFile:
            self.left.append((path, NO_FILE))
            return
        self._archives.add(path)
        for member in archive.members:
            if hidden_letter(member):
                self.left.append((f"{path}/{member}", HIDDEN))
                continue
            self._members[f"{path}/{member}"] = (path, member)
            self.names.append(f"{path}/{member}")
        self.left += [(f"{path}/{name}", NESTED) for name in archive.nested]
        if not archive.members and not archive.nested:
            self.left.append((path, EMPTY))

    def _archive(self, path: str) -> Archive:
        """The archive, opened; the one before it is closed."""
        if self._open is None or self._open[0] != path:
            self._close_archive()
            stream = self._opened(path)
            try:
                self._open = (path, Archive(stream, self._limits))
            except (Unfinished, Unreadable):
                stream.close()
                raise
        return self._open[1]

    def open(self, name: str) -> IO[bytes]:
        """The file as a stream of bytes.

        Raises Gone if it was removed, replaced or locked since the folder was listed; for a file in an archive Unfinished and Unreadable.
        """
        try:
            if name in self._members:
                path, member = self._members[name]
                return self._archive(path).open(member)
            if self._is_below_an_archive(name):
                raise FileNotFoundError(name)
            return self._opened(name)
        except FileNotFoundError:
            raise Gone("it was removed while the folder was read") from None
        except PermissionError:
            raise Gone("the account of this program may not read it") from None
        except NoOrdinaryFile:
            raise Gone("it is no ordinary file any more") from None

    def _opened(self, name: str) -> IO[bytes]:
        """A file of the folder, as a file alone: what took its place since the folder was listed is neither followed nor waited for."""
        if not isinstance(self.folder.fs, LocalFileSystem):
            return self.folder.open(name)
        path = f"{self.folder.path}/{name}"
        try:
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, PermissionError):
            raise
        except OSError as error:
            if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
                raise NoOrdinaryFile(path) from error
            raise
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise NoOrdinaryFile(path)
        return os.fdopen(number, "rb")

    def _is_below_an_archive(self, name: str) -> bool:
        """Whether a path leads into an archive that has no such file; file systems have errors of their own for it."""
        return any(name.startswith(f"{path}/") for path in self._archives)

    def packed_in(self, name: str) -> str:
        """The archive that has the file; a file that is in none is its own."""
        return self._members[name][0] if name in self._members else name

    def is_there(self) -> bool:
        """Whether the folder is still there. A server says by itself that it cannot be reached."""
        return not isinstance(self.folder.fs, LocalFileSystem) or self.folder.is_there()

    def exists(self, name: str) -> bool:
        """Whether an ordinary file of this name was there when the folder was listed."""
        return name in self._there

    def stamp(self, *names: str) -> str | None:
        """What says that these files are the same as before without reading them (`Folder.stamp`); None if they must be read."""
        stamps = [self.folder.stamp(self.packed_in(name)) for name in names]
        return " | ".join(stamp for stamp in stamps if stamp is not None) if None not in stamps else None

    def modified_at(self, name: str) -> datetime | None:
        """When the file, or the archive that has it, was last written; None if the file system does not say so."""
        at = self.folder.modified(self.packed_in(name))
        return at if at is not None and at.tzinfo is not None else None


def _is_text(name: str) -> bool:
    """Whether a name is a text: bytes that are none come from Python as halves of letters."""
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


def matching(entity: Entity, names: list[str]) -> list[str]:
    """The `names` that match the entity's file pattern, with or without .gz, and with their ending in capitals or not.

    A pattern without / is about the last part of a path.
    """
    patterns = expanded(entity.file_pattern or "")

    def fits(name: str) -> bool:
        return any(_fits(given.removesuffix(".gz"), pattern) for given in (name, small_ending(name)) for pattern in patterns)

    return [name for name in names if fits(name)]


def subject(name: str, pattern: str) -> str:
    """What of a file's name a pattern of the profile is about: the whole path where the pattern has a /, else the name alone."""
    return name if "/" in pattern else name.rpartition("/")[2]


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(subject(name, pattern), pattern)


def is_of(entities: dict[str, Entity], name: str) -> bool:
    """Whether an entity of the profile reads files of this name."""
    return any(matching(entity, [name]) for entity in entities.values())
