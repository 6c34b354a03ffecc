"""WebDAV: a drop folder on Nextcloud, ownCloud, SharePoint, Apache or another server of files over HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from webdav4.client import HTTPError
from webdav4.fsspec import WebdavFileSystem

from cchc.errors import NotConfigured, SourceUnavailable
from cchc.sources.connection import Connection
from cchc.sources.remote import TIMEOUT

OK, PARTIAL, BEYOND = 200, 206, 416
FORBIDDEN, MISSING = (401, 403), (404, 410)


def opened(connection: Connection) -> tuple[WebdavFileSystem, str]:
    """The file system and the path of a connection `davs://host/folder` (over TLS; `dav://` without).

    The extra of the connection: `timeout` (seconds without an answer), `storage_options` (further arguments of httpx's Client, such as
    `verify`, a file of certificates).
    """
    parts = urlsplit(connection.host)
    if not parts.netloc:
        raise NotConfigured(f"The connection of {connection.source} names no server: write davs://host/folder as host.")
    base = urlunsplit(("https" if parts.scheme.lower().endswith("s") else "http", parts.netloc, "", "", ""))
    login = (connection.login, connection.password or "") if connection.login else None
    options = {"timeout": float(connection.extra.get("timeout", TIMEOUT)), **connection.extra.get("storage_options", {})}
    return WholeWebdav(base, auth=login, skip_instance_cache=True, **options), parts.path.strip("/")


class WholeWebdav(WebdavFileSystem):  # type: ignore[misc]  # it has no types
    """webdav4's file system, whose own stream tries a server that does not answer again without end: here that is an error."""

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """The entries of a folder. Raises PermissionError where the server refuses it."""
        try:
            listed: list[Any] = super().ls(path, detail=detail, **kwargs)
        except HTTPError as error:
            _refused(error.status_code, path)
            raise
        return listed

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        return _Download(self.client.http, self.client.join_url(path), path)

    def close(self) -> None:
        """Leave the server."""
        self.client.http.close()


def _refused(status: int, path: str) -> None:
    if status in MISSING:
        raise FileNotFoundError(path)
    if status in FORBIDDEN:
        raise PermissionError(path)


class _Download(io.RawIOBase):
    """One file. It is asked for from its beginning, and again from another place where somebody goes there."""

    def __init__(self, client: httpx.Client, url: Any, path: str) -> None:
        self._client, self._url, self._path = client, url, path
        self._at = 0
        self._rest = b""
        self._answer: httpx.Response | None = None
        self._parts: Iterator[bytes] = iter(())
        self._ask()

    def _ask(self) -> None:
        """Ask for the file from the present place on."""
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={self._at}-"} if self._at else {})
        self._answer = answer = self._client.send(self._client.build_request("GET", self._url, headers=headers), stream=True)
        if answer.status_code == BEYOND and self._at:
            self._parts = iter(())
            return
        _refused(answer.status_code, self._path)
        if answer.status_code != (PARTIAL if self._at else OK):
            raise SourceUnavailable(
                f"{answer.url.copy_with(userinfo=b'')}: the server answers {answer.status_code} from byte {self._at:,} on"
            )
        if self._at and not answer.headers.get("Content-Range", "").startswith(f"bytes {self._at}-"):
            raise SourceUnavailable(f"{answer.url.copy_with(userinfo=b'')}: the server gives another part of the file than was asked for")
        self._parts = answer.iter_raw()

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; none at the end."""
        while not self._rest:
            if self._answer is None:
                self._ask()
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        data, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the beginning; the file is asked for from there with the next read."""
        if whence != io.SEEK_SET:
            raise OSError("the server does not say how long the file is")
        if offset != self._at:
            self._leave()
            self._at = offset
        return offset

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def _leave(self) -> None:
        if self._answer is not None:
            self._answer.close()
        self._answer, self._rest, self._parts = None, b"", iter(())

    def close(self) -> None:
        """Leave the answer."""
        self._leave()
        super().close()
