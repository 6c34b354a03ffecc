"""Drop folders that are no folder of this machine: SFTP, S3-compatible stores, WebDAV, SMB. Each is read like a file system of fsspec.

Whatever goes wrong on the way is SourceUnavailable, so the extract fails and is tried again; it never looks like the end of a file. A file
is whole if as many bytes came as its folder lists for it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import IO, Any

from cchc import period
from cchc.errors import CchcError, NotConfigured, SourceUnavailable
from cchc.sources.connection import Connection
from cchc.sources.landing import Folder
from cchc.sources.unread import Unfinished, Unreadable

BUFFER = 2**20
TIMEOUT = 60.0
SETTLED = timedelta(seconds=10)
WHEN = ("mtime", "LastModified", "modified")  # the names under which file systems give the time of the last change


@dataclass(frozen=True)
class Transport:
    """One kind of remote drop folder. `extra`: the extra of cchc that brings its package; `module`: our module that opens it."""

    name: str
    extra: str
    module: str


SFTP = Transport("SFTP", "sftp", "cchc.sources.sftp")
S3 = Transport("S3", "s3", "cchc.sources.s3")
WEBDAV = Transport("WebDAV", "webdav", "cchc.sources.webdav")
SMB = Transport("SMB", "smb", "cchc.sources.smb")
TRANSPORTS = {"sftp": SFTP, "ssh": SFTP, "s3": S3, "s3a": S3, "smb": SMB}
TRANSPORTS |= {scheme: WEBDAV for scheme in ("dav", "davs", "webdav", "webdavs")}


@dataclass(frozen=True)
class Place:
    """How messages name a drop folder."""

    source: str
    host: str

    def __str__(self) -> str:
        return f"{self.source}: the drop folder {self.host}"


def transport_of(address: str) -> Transport | None:
    """The transport of the address of a drop folder; None for a folder of this machine, and for other file systems of fsspec."""
    scheme, separator, _ = address.partition("://")
    return TRANSPORTS.get(scheme.lower()) if separator else None


def open_folder(connection: Connection) -> Folder:
    """The drop folder of a connection. Nothing of it is read yet, but the server of SFTP is logged in to.

    Raises NotConfigured where the package of the transport is missing or the connection is not right, SourceUnavailable where the server
    cannot be reached or refuses the login, and ContractViolation where it shows another host key than the one that is expected.
    """
    transport = transport_of(connection.host)
    if transport is None:
        return Folder(connection.host, connection.extra.get("storage_options"))
    try:
        module = import_module(transport.module)
    except ModuleNotFoundError as error:
        raise NotConfigured(
            f"Source {connection.source}: {transport.name} needs the package {error.name}, which is not installed. "
            f"Install cchc[{transport.extra}] beside cchc."
        ) from None
    place = Place(connection.source, connection.host)
    with _told(place, "opening it"):
        file_system, path = module.opened(connection)
    return RemoteFolder(file_system, path, connection.host, place)


class RemoteFolder(Folder):
    """A drop folder on a server. `place`: how messages name it.

    Its methods raise FileNotFoundError and PermissionError where the server says so of a file, and SourceUnavailable for everything else.
    """

    def __init__(self, file_system: Any, path: str, url: str, place: Place) -> None:
        self.fs, self.path, self.url, self.place = file_system, path.rstrip("/"), url.rstrip("/"), place
        self._listed: dict[str, dict[str, Any]] = {}

    def child(self, *names: str) -> RemoteFolder:
        """A folder in this folder; both know what either of them listed."""
        other = RemoteFolder(self.fs, "/".join((self.path, *names)), "/".join((self.url, *names)), self.place)
        other._listed = self._listed
        return other

    def is_there(self) -> bool:
        """Whether the folder exists."""
        with _told(self.place, "looking at it"):
            return bool(self.fs.isdir(self.path))

    def entries(self) -> list[tuple[str, str]]:
        """The sorted entries of this folder, each with its kind. Raises FileNotFoundError if it does not exist."""
        with _told(self.place, "listing it"):
            listed = self.fs.ls(self.path, detail=True)
            found = {entry["name"].strip("/"): entry for entry in listed}
        found.pop(self.path.strip("/"), None)  # S3 may list an empty object that stands for the folder itself
        self._listed |= found
        return sorted((name.rpartition("/")[2], entry["type"]) for name, entry in found.items())

    def open(self, name: str) -> IO[bytes]:
        """A file in this folder as a stream that knows how many bytes the folder lists for it."""
        with _told(self.place, f"opening the file {name}"):
            inner = self.fs.open(f"{self.path}/{name}", "rb")
        size = self._entry(name).get("size")
        return io.BufferedReader(_Reached(inner, size, self.place, name), BUFFER)

    def exists(self, name: str) -> bool:
        """Whether a file of this name is there."""
        with _told(self.place, f"looking for the file {name}"):
            return bool(self.fs.exists(f"{self.path}/{name}"))

    def modified(self, name: str) -> datetime | None:
        """When the file was last written, by the list of its folder; None if that does not say so."""
        entry = self._entry(name)
        return next((entry[key] for key in WHEN if isinstance(entry.get(key), datetime)), None)

    def stamp(self, name: str) -> str | None:
        """Length, time of the last change and (where there is one) the store's own hash of a file, as its folder lists them.

        None where the folder gives no time, and for a file that was written within the last seconds: another one of the same length may
        be written with the same time.
        """
        entry, at = self._entry(name), self.modified(name)
        if at is None or at.tzinfo is None or period.now() - at < SETTLED:
            return None
        parts = [entry.get("size"), at.isoformat(), entry.get("ETag") or entry.get("etag")]
        return " ".join(str(part) for part in parts if part is not None)

    def close(self) -> None:
        """Leave the server."""
        if hasattr(self.fs, "close"):
            self.fs.close()

    def _entry(self, name: str) -> dict[str, Any]:
        return self._listed.get(f"{self.path}/{name}".strip("/"), {})


class _Reached(io.RawIOBase):
    """A file on a server while it is read: it ends where the list of its folder says, or it is Unfinished."""

    def __init__(self, inner: Any, size: int | None, place: Place, name: str) -> None:
        self._inner, self._size, self._place, self._name = inner, size, place, name
        self._at = 0

    def readable(self) -> bool:
        """Whether the stream can be read; always true."""
        return True

    def seekable(self) -> bool:
        """Whether the stream has places; always true."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place. Returns it."""
        if self._size is not None:
            offset, whence = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence], io.SEEK_SET
        with _told(self._place, f"reading the file {self._name}"):
            self._inner.seek(offset, whence)
            self._at = self._inner.tell()
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read bytes into the buffer. Returns their number, 0 at the end."""
        with _told(self._place, f"reading the file {self._name}"):
            data = self._inner.read(len(buffer))
        if not data and self._size is not None and self._at != self._size:
            raise Unfinished(
                f"it changed while it was read, or was cut off: {self._at:,} bytes came, and the list of its folder says {self._size:,}"
            )
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Close the stream; the file was only read, so nothing is lost if the server is gone."""
        if not self.closed:
            with suppress(Exception):  # see above: each library has errors of its own here
                self._inner.close()
        super().close()


@contextmanager
def _told(place: Place, doing: str) -> Iterator[None]:
    """Every error of a library on the way becomes SourceUnavailable, without the words of a server: they may repeat a record."""
    try:
        yield
    except (CchcError, Unfinished, Unreadable, FileNotFoundError, PermissionError):
        raise
    except Exception as error:
        raise SourceUnavailable(
            f"{place}: {doing} failed ({_cause(error)}). Nothing of this extract is used. Check that the server is up and reachable from "
            f"here, and the parts of src_{place.source}; then run again."
        ) from error


def _cause(error: BaseException) -> str:
    """What went wrong: the kind of the first error, with the code that an answer over HTTP has."""
    while error.__cause__ is not None:
        error = error.__cause__
    answer = getattr(error, "response", None)
    code = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else getattr(answer, "status_code", None)
    return f"{type(error).__name__} {code}" if code is not None else getattr(error, "strerror", None) or type(error).__name__
