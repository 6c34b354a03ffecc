"""A MariaDB server of Debian's package, in a folder of its own on a free port; nothing of it survives."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql  # type: ignore[import-untyped]
import pytest

PROGRAMS = ("mariadb-install-db", "mariadbd")


@contextmanager
def mariadb() -> Iterator[int]:
    """The port of a running server with the login vendor, password s3cret-value, database onestop. Skips where the package is missing."""
    programs = [shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin") for name in PROGRAMS]
    if None in programs:
        pytest.skip("mariadb-server is not installed (Debian's package): its tests are skipped")
    install, server = (str(program) for program in programs)
    folder = Path(tempfile.mkdtemp(prefix="cchc-maria-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = ["--no-defaults", f"--datadir={folder}/data", f"--user={getpass.getuser()}"]
    subprocess.run([install, *common, "--skip-test-db", "--auth-root-authentication-method=normal"], check=True, capture_output=True)
    lean = ["--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]
    where = [f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder}/pid"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, *common, *lean, *where], stdout=log, stderr=log)
    try:
        _prepare(str(folder / "s"), process)
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(path: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with socket.socket(socket.AF_UNIX) as knock:
            if knock.connect_ex(path) == 0:
                break
        assert process.poll() is None, "mariadbd ended"
        time.sleep(0.1)
    connection = pymysql.connect(unix_socket=path, user="root", autocommit=True)
    with connection, connection.cursor() as cursor:
        cursor.execute("create database onestop character set utf8mb4")
        cursor.execute("create user vendor@'%' identified by 's3cret-value'")
        cursor.execute("grant all on onestop.* to vendor@'%'")
