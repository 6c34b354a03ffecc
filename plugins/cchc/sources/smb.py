"""SMB: a drop folder on a share of Windows or Samba, without mounting it. SMB 2 and 3 with signed messages; SMB 1 is not spoken."""

from __future__ import annotations

import ntpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import smbclient
from smbprotocol.connection import Connection as SmbConnection
from smbprotocol.exceptions import BadNetworkName, LogonFailure, SMBAuthenticationError, SMBOSError
from smbprotocol.header import NtStatus

from cchc.errors import NotConfigured, SourceUnavailable
from cchc.sources.connection import Connection
from cchc.sources.remote import TIMEOUT
from cchc.sources.unread import Unfinished

PORT = 445
MISSING = (
    NtStatus.STATUS_OBJECT_NAME_NOT_FOUND,
    NtStatus.STATUS_OBJECT_PATH_NOT_FOUND,
    NtStatus.STATUS_NOT_FOUND,
    NtStatus.STATUS_NOT_A_DIRECTORY,
)
FORBIDDEN = (NtStatus.STATUS_ACCESS_DENIED, NtStatus.STATUS_PRIVILEGE_NOT_HELD)
# other programs may read, rename and delete a file while it is read here. None may write it: so a file that somebody writes is not opened.
OTHERS_MAY = "rd"


def opened(connection: Connection) -> tuple[SmbShare, str]:
    """The file system and the path of a connection `smb://host:port/share/folder`. A login of a domain is `name@domain`.

    The extra of the connection: `timeout` (seconds without an answer), `encrypt` (true: nothing is sent that is not encrypted),
    `storage_options` (further arguments of smbclient's `register_session`, such as `auth_protocol`).
    """
    parts = urlsplit(connection.host)
    path = unquote(parts.path).strip("/")
    if not parts.hostname or not path:
        raise NotConfigured(f"The connection of {connection.source} names no share: write smb://host/share/folder as host.")
    if not connection.login:
        raise NotConfigured(
            f"The connection of {connection.source} has no login: a share is not read as a guest, whose messages nobody signs."
        )
    options = {"encrypt": str(connection.extra.get("encrypt", "")).lower() == "true" or None, **connection.extra.get("storage_options", {})}
    try:
        share = SmbShare(
            parts.hostname,
            parts.port or PORT,
            float(connection.extra.get("timeout", TIMEOUT)),
            {"username": connection.login, "password": connection.password or "", **options},
        )
    except (SMBAuthenticationError, LogonFailure) as error:
        raise SourceUnavailable(
            f"{connection.source}: {connection.host} refused the login. Check login and password in src_{connection.source}."
        ) from error
    return share, path


class _Impatient(SmbConnection):  # type: ignore[misc]  # it has no types
    """A connection that waits for an answer for some seconds; the library waits without an end."""

    def __init__(self, *given: Any, seconds: float, **named: Any) -> None:
        super().__init__(*given, **named)
        self.seconds = seconds

    def receive(self, request: Any, wait: bool = True, timeout: float | None = None, resolve_symlinks: bool = True) -> Any:
        """The answer to a request. Raises SMBException where none comes in time."""
        return super().receive(request, wait, self.seconds if timeout is None else timeout, resolve_symlinks)


class SmbShare:
    """The folders and files of a server of SMB, with a connection of its own that nobody else's login shares.

    Arguments: `host`, `port`; `seconds`, after so many without an answer it is an error; `options`, those of `register_session`.
    """

    def __init__(self, host: str, port: int, seconds: float, options: dict[str, Any]) -> None:
        self.host = host
        self._connection = _Impatient(uuid4(), host, port, require_signing=True, seconds=seconds)
        self._given = {**options, "port": port, "connection_cache": {f"{host.lower()}:{port}": self._connection}}
        try:
            self._connection.connect(timeout=seconds)
            smbclient.register_session(host, **self._given)
        except BaseException:
            self.close()
            raise

    def ls(self, path: str, detail: bool = True) -> list[dict[str, Any]]:
        """The entries of a folder with name, type, size and time of the last change. Raises FileNotFoundError if it does not exist."""
        with self._named(path) as place, smbclient.scandir(place, **self._given) as entries:
            return [_entry(f"{path}/{entry.name}", entry) for entry in entries]

    def isdir(self, path: str) -> bool:
        """Whether a folder exists."""
        return self._is_there(path, "isdir")

    def exists(self, path: str) -> bool:
        """Whether a file or folder exists."""
        return self._is_there(path, "exists")

    def open(self, path: str, mode: str = "rb") -> Any:
        """A file as a stream of bytes. Raises Unfinished where another program has it open for writing."""
        with self._named(path) as place:
            return smbclient.open_file(place, mode="rb", buffering=0, share_access=OTHERS_MAY, **self._given)

    def close(self) -> None:
        """Leave the server."""
        with suppress(Exception):  # the library has errors of its own where the line is cut
            self._connection.disconnect(close=False)

    def _is_there(self, path: str, kind: str) -> bool:
        look = smbclient.path.isdir if kind == "isdir" else smbclient.path.exists
        try:
            with self._named(path) as place:
                return bool(look(place, **self._given))
        except FileNotFoundError:
            return False

    @contextmanager
    def _named(self, path: str) -> Iterator[str]:
        """The name of a place for Windows; what the server says of it becomes an error of Python."""
        if not self._connection.transport.connected:  # the library would begin a new connection, which waits without an end
            raise ConnectionError("the connection was closed")
        try:
            yield ntpath.join(rf"\\{self.host}", *path.split("/"))
        except BadNetworkName as error:
            raise FileNotFoundError(path) from error
        except SMBOSError as error:
            if error.ntstatus == NtStatus.STATUS_SHARING_VIOLATION:
                raise Unfinished("another program has it open for writing") from error
            if error.ntstatus in MISSING:
                raise FileNotFoundError(path) from error
            if error.ntstatus in FORBIDDEN:
                raise PermissionError(path) from error
            raise


def _entry(name: str, entry: Any) -> dict[str, Any]:
    """One entry as a list of fsspec has it."""
    kind = "other" if entry.is_symlink() else "directory" if entry.is_dir() else "file"
    return {"name": name, "type": kind, "size": entry.smb_info.end_of_file, "mtime": entry.smb_info.last_write_time}
