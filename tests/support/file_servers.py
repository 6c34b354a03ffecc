"""Real small servers of files on the loopback address: SFTP, WebDAV, and a store with the interface of S3. Each holds files by their names.

Their login is `sender` with the password `s3cret-value`; the drop folder is `outbox`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import requests
from cheroot.wsgi import Server as WsgiServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from wsgidav.wsgidav_app import WsgiDAVApp

from cchc.sources.connection import Connection

LOGIN, PASSWORD, FOLDER = "sender", "s3cret-value", "outbox"


@dataclass
class FileServer:
    """A running server. `put` and `remove` change its files, as the sender does; `extra`: what a connection to it says beside the login."""

    scheme: str
    port: int
    put: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    extra: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def connection(self, source: str, *, port: int | None = None, **changed: Any) -> Connection:
        """The connection of a source to the drop folder. `port`: that of a proxy before the server; `changed`: other parts."""
        at = port or self.port
        host = f"{self.scheme}://{FOLDER}" if self.scheme == "s3" else f"{self.scheme}://127.0.0.1:{at}/{FOLDER}"
        parts: dict[str, Any] = {"host": host, "login": LOGIN, "password": PASSWORD, "extra": self.extra} | changed
        if self.scheme == "s3":
            parts["extra"] = parts["extra"] | {"endpoint_url": f"http://127.0.0.1:{at}"}
        return Connection.from_parts(source, **parts)

    def clear(self) -> None:
        """Remove all files."""
        for name in self.names():
            self.remove(name)

    def names(self) -> list[str]:
        """The files that are there."""
        assert self.folder is not None
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if not path.is_dir())


def _in_folder(scheme: str, port: int, folder: Path, **extra: Any) -> FileServer:
    def put(name: str, data: bytes) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def remove(name: str) -> None:
        (folder / name).unlink(missing_ok=True)

    return FileServer(scheme, port, put, remove, extra, folder)


class _OneLogin(asyncssh.SSHServer):
    def __init__(self, open_connections: list[asyncssh.SSHServerConnection]) -> None:
        self._open = open_connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._open.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (LOGIN, PASSWORD)


@contextmanager
def sftp_server(session: type[asyncssh.SFTPServer] = asyncssh.SFTPServer) -> Iterator[FileServer]:
    """A server of SFTP (asyncssh; the product uses paramiko). `session`: a class that misbehaves. `extra` has the right host key."""
    root = Path(tempfile.mkdtemp(prefix="cchc-sftp-"))
    (root / FOLDER).mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    connections: list[asyncssh.SSHServerConnection] = []

    def opened(channel: Any) -> asyncssh.SFTPServer:
        return session(channel, chroot=os.fsencode(root))

    async def listen() -> Any:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=lambda: _OneLogin(connections), server_host_keys=[key], sftp_factory=opened
        )

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(30)
    public = key.export_public_key().decode().strip()
    try:
        yield _in_folder("sftp", acceptor.get_port(), root / FOLDER, host_key=public)
    finally:

        async def close() -> None:
            acceptor.close()
            for connection in connections:
                connection.abort()
            await asyncio.gather(*(connection.wait_closed() for connection in connections))
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(close(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def webdav_server(around: Callable[[Any], Any] = lambda app: app) -> Iterator[FileServer]:
    """A server of WebDAV (wsgidav). `around`: a WSGI application around it that misbehaves."""
    root = Path(tempfile.mkdtemp(prefix="cchc-dav-"))
    (root / FOLDER).mkdir()
    config = {
        "provider_mapping": {"/": str(root)},
        "simple_dc": {"user_mapping": {"*": {LOGIN: {"password": PASSWORD}}}},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "logging": {"enable": False},
        "verbose": 0,
        "lock_storage": False,
        "property_manager": None,
    }
    server = WsgiServer(("127.0.0.1", 0), around(WsgiDAVApp(config)), numthreads=4)
    server.shutdown_timeout = 0
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield _in_folder("dav", server.bind_addr[1], root / FOLDER)
    finally:
        server.stop()
        thread.join()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def s3_server(around: Callable[[Any], Any] = lambda app: app) -> Iterator[FileServer]:
    """A store with the interface of S3 (moto) and the bucket `outbox`. It takes any login. `around`: as for WebDAV."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, around(DomainDispatcherApplication(create_backend_app)), True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    port = server.port
    requests.post(f"http://127.0.0.1:{port}/moto-api/reset", timeout=30).raise_for_status()  # it keeps one store a process
    login = {"aws_access_key_id": LOGIN, "aws_secret_access_key": PASSWORD, "region_name": "us-east-1"}
    client, here = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **login), set()
    client.create_bucket(Bucket=FOLDER)

    def put(name: str, data: bytes) -> None:
        client.put_object(Bucket=FOLDER, Key=name, Body=data)
        here.add(name)

    def remove(name: str) -> None:
        client.delete_object(Bucket=FOLDER, Key=name)
        here.discard(name)

    class Bucket(FileServer):
        def names(self) -> list[str]:
            return sorted(here)

    try:
        yield Bucket("s3", port, put, remove, {"region_name": "us-east-1", "timeout": 5})
    finally:
        client.close()
        server.shutdown()
        server.server_close()
        thread.join()


SERVERS: dict[str, Callable[[], Any]] = {"sftp": sftp_server, "webdav": webdav_server, "s3": s3_server}
