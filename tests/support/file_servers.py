"""Real small servers of files on the loopback address: SFTP, WebDAV, SMB, and a store with the interface of S3. Each holds files by their names.

Their login is `sender` with the password `s3cret-value`; the drop folder is `outbox`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import pytest
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


SMB_CONF = """
[global]
server role = standalone server
server min protocol = SMB2
passdb backend = tdbsam:{root}/passdb.tdb
private dir = {root}
lock directory = {root}
state directory = {root}
cache directory = {root}
pid directory = {root}
ncalrpc dir = {root}/rpc
log file = {root}/log
username map = {root}/users
interfaces = lo
bind interfaces only = yes
disable netbios = yes
load printers = no
disable spoolss = yes
smb ports = {port}
[outbox]
path = {root}/outbox
read only = no
"""


@contextmanager
def smb_server() -> Iterator[FileServer]:
    """A share of Samba (Debian's package) whose login is that of this account. Skips where the package is missing, and without root."""
    programs = [shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin") for name in ("smbd", "smbpasswd")]
    if None in programs:
        pytest.skip("samba is not installed (Debian's package): its tests are skipped")
    if os.getuid():
        pytest.skip("a server of Samba is only started by root: its tests are skipped")
    smbd, smbpasswd = map(str, programs)
    root = Path(tempfile.mkdtemp(prefix="cchc-smb-"))
    (root / FOLDER).mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    (root / "users").write_text(f"root = {LOGIN}\n")
    (root / "smb.conf").write_text(SMB_CONF.format(root=root, port=port))
    given = f"{PASSWORD}\n{PASSWORD}\n".encode()
    subprocess.run([smbpasswd, "-c", root / "smb.conf", "-a", "-s", "root"], input=given, check=True, capture_output=True)
    with (root / "out").open("wb") as out:
        command = [smbd, "--foreground", "--no-process-group", f"--configfile={root}/smb.conf"]
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(300):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (root / "out").read_text()
            time.sleep(0.05)
        yield _in_folder("smb", port, root / FOLDER)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # it has a process for each connection
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


SERVERS: dict[str, Callable[[], Any]] = {"sftp": sftp_server, "webdav": webdav_server, "s3": s3_server, "smb": smb_server}
