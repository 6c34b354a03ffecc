"""Read the files in a zip archive as files of the drop folder. Nothing is written to disk, so no name in an archive can lead anywhere.

A member that cannot be read is refused by its own name, and its neighbours are read. An archive is refused as a whole where its list of
members cannot be trusted: if it is cut off, or declares more bytes or members than the limits allow.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from typing import IO, Any

from cchc.sources.limits import ARCHIVE_DIRECTORY_BYTES, ARCHIVE_MEMBERS, MIB, Limits
from cchc.sources.unread import Unfinished, Unreadable

ENDING = ".zip"
NESTED = "an archive in an archive, which is not opened"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError)
ENCRYPTED_BIT = 1
_TOTAL, _SIZE = 4, 5  # the places of both numbers in the record at the end of an archive


def is_archive(name: str) -> bool:
    """Whether a file is named as a zip archive."""
    return name.lower().endswith(ENDING)


class Archive:
    """An opened zip archive.

    `members`: its files by name; `refused`: those that must not be read, with the reason; `nested`: the archives in it.
    Raises Unfinished for an archive without its end, and Unreadable for one that breaks a limit.
    """

    def __init__(self, stream: IO[bytes], limits: Limits) -> None:
        self._stream = stream
        self._zip = self._opened(stream)
        files = [info for info in self._zip.infolist() if not info.filename.endswith("/")]
        if any(info.header_offset < 0 for info in files):
            raise Unfinished("it is no whole zip archive: its beginning is missing")
        total = sum(info.file_size for info in files)
        if total > limits.file * MIB:
            raise Unreadable(f"its files have more than {limits.file} MB when they are unpacked (CCHC_MAX_FILE_MB)")
        times = Counter(info.filename for info in files)
        self.nested = sorted({info.filename for info in files if is_archive(info.filename)})
        self.members = {info.filename: info for info in files if not is_archive(info.filename)}
        self.refused = {name: words for name, info in self.members.items() if (words := _fault(info, times[name])) is not None}

    @staticmethod
    def _opened(stream: IO[bytes]) -> zipfile.ZipFile:
        try:
            end: Any = zipfile._EndRecData(stream)  # type: ignore[attr-defined]  # the only way to the size of the list before it is read
            if end is None:
                raise Unfinished("it is no whole zip archive: its list of files, which stands at its end, is missing")
            if end[_TOTAL] > ARCHIVE_MEMBERS or end[_SIZE] > ARCHIVE_DIRECTORY_BYTES:
                raise Unreadable(f"it is an archive of more than {ARCHIVE_MEMBERS:,} files")
            return zipfile.ZipFile(stream)
        except DAMAGE as error:
            raise Unfinished(f"it is no whole zip archive ({type(error).__name__})") from None

    def open(self, member: str) -> IO[bytes]:
        """A file of the archive as a stream. Raises Unreadable if it is refused, and FileNotFoundError if it is not there."""
        if member in self.refused:
            raise Unreadable(self.refused[member])
        if member not in self.members:
            raise FileNotFoundError(member)
        try:
            return io.BufferedReader(_Member(self._zip.open(self.members[member])))
        except DAMAGE as error:
            raise _damaged(error) from None

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        self._stream.close()


class _Member(io.RawIOBase):
    """A file of an archive while it is unpacked. Whatever is wrong with it is Unreadable."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        """Whether the stream can be read; always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes into the buffer. Returns their number, 0 at the end."""
        try:
            data = self._inner.read(len(buffer))
        except DAMAGE as error:
            raise _damaged(error) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the stream."""
        self._inner.close()
        super().close()


def _damaged(error: Exception) -> Unreadable:
    return Unreadable(f"its part of the archive is damaged ({type(error).__name__})")


def _fault(info: zipfile.ZipInfo, times: int) -> str | None:
    """Why a member must not be read; None if it may be."""
    name = info.filename
    if name.startswith("/") or "\\" in name or re.match("[A-Za-z]:", name) or {"", ".", ".."} & set(name.split("/")):
        return "its name in the archive is no plain path"
    if times > 1:
        return f"the archive has {times} files of this name"
    if info.flag_bits & ENCRYPTED_BIT:
        return "it is encrypted; have it delivered without a password"
    if info.compress_type not in METHODS:
        return f"it is packed by a method that is not read (number {info.compress_type}); have it packed as usual (deflate)"
    return None
