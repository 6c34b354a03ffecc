"""The embedded PostgreSQL, with real servers: start, crash, restart, concurrent callers, users, stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from cchc.errors import CchcError, NotConfigured
from cchc.settings import PROJECT, Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse import url as warehouse_url

START_AND_PRINT_PORT = "import sys, pathlib; from cchc.warehouse import embedded as postgres; print(postgres.start(pathlib.Path(sys.argv[1]), durable=False).port)"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    postgres.stop(tmp_path)


def connect(server: postgres.Server, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(server.url(database).replace("+psycopg", ""), autocommit=True)


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process whose working folder lies in `home`."""
    inside = str(home.resolve())
    return [process for process in psutil.process_iter(["cwd"]) if (process.info["cwd"] or "").startswith(inside)]


def test_start_is_repeatable_and_stop_leaves_no_process(home: Path) -> None:
    server = postgres.start(home, durable=False)
    assert postgres.is_running(home)
    assert postgres.start(home, durable=False) == server
    assert postgres.running_server(home) == server
    assert processes_of(home)

    postgres.stop(home)

    assert not postgres.is_running(home)
    assert postgres.running_server(home) is None
    assert processes_of(home) == []
    postgres.stop(home)  # a second stop is no error


def test_the_server_is_local_and_asks_for_a_password(home: Path) -> None:
    server = postgres.start(home, durable=False)
    with connect(server) as connection:
        settings = connection.execute(
            "select current_setting('listen_addresses'), current_setting('unix_socket_directories'), current_setting('TimeZone')"
        ).fetchone()
        passwords = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
    assert settings == ("127.0.0.1", "", "Asia/Ho_Chi_Minh")
    assert passwords == [("scram-sha-256",)]
    assert (home / "postgres" / "server.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres password=wrong dbname=postgres")


def test_data_survives_a_killed_server(home: Path) -> None:
    server = postgres.start(home)  # durable, as in real use
    server.ensure_databases("warehouse")
    with connect(server, "warehouse") as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept select generate_series(1, 1000)")
        row = connection.execute("select pg_postmaster_start_time()").fetchone()
    postmaster = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    assert wait_until(lambda: not postgres.is_running(home), 20, 0.01)

    again = postgres.start(home)

    assert again == server, "port and password are remembered"
    with connect(again, "warehouse") as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1000,)
        assert connection.execute("select pg_postmaster_start_time()").fetchone() != row


def test_a_stale_process_number_is_not_taken_for_the_server(home: Path) -> None:
    postgres.start(home, durable=False)
    postgres.stop(home)
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    assert not postgres.is_running(home)
    postgres.start(home, durable=False)
    assert postgres.is_running(home)


def test_a_server_in_another_container_is_not_joined_by_a_second_one(home: Path) -> None:
    """Two servers on one cluster destroy it. Here the second caller sees neither the processes nor the shared memory of the first one."""
    elsewhere = ["unshare", "--pid", "--ipc", "--fork", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*elsewhere, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no process namespace can be had here")
    server = postgres.start(home, durable=False)
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    before = pid_file.read_text()

    second = subprocess.run(
        [*elsewhere, sys.executable, "-c", START_AND_PRINT_PORT, str(home)], capture_output=True, text=True, check=False
    )

    assert second.returncode == 1, second.stdout
    assert "it runs in another container" in second.stderr
    assert pid_file.read_text() == before
    with connect(server) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    postgres.stop(home)
    third = subprocess.run([*elsewhere, sys.executable, "-c", START_AND_PRINT_PORT, str(home)], capture_output=True, text=True, check=False)
    assert third.returncode == 0, third.stderr


def test_helper_processes_that_do_not_end_are_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that we may not kill (of another user) ends the waiting with its number, and the lock is free again."""
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    program = home / "postgres" / "postgres"
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([str(program), "600"], cwd=data)
    monkeypatch.setattr(postgres, "ORPHAN_SECONDS", 0.1)
    monkeypatch.setattr(postgres, "KILLED_SECONDS", 0.1)

    def forbidden(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(psutil.Process, "kill", forbidden)
            for _ in range(2):
                with pytest.raises(CchcError, match=rf"do not end: {child.pid}\. End them"):
                    postgres.stop(home)
        postgres.stop(home)  # now it may be killed
        assert child.wait(5) == -signal.SIGKILL
    finally:
        child.kill()
        child.wait()
        shutil.rmtree(data)


def test_a_zombie_is_not_taken_for_the_server(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    child = subprocess.Popen([sys.executable, "-c", "", f"postgres {data}"])
    try:
        (data / "postmaster.pid").write_text(f"{child.pid}\n")
        assert wait_until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE, 20, 0.01)
        assert not postgres.is_running(home)
    finally:
        child.wait()
        shutil.rmtree(data)


def test_concurrent_callers_get_one_server(home: Path) -> None:
    command = [sys.executable, "-c", START_AND_PRINT_PORT, str(home)]
    callers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    answers = {caller.communicate(timeout=60)[0].strip() for caller in callers}
    assert [caller.returncode for caller in callers] == [0] * 5
    assert answers == {str(postgres.start(home).port)}
    servers = [process for process in processes_of(home) if str(home) in " ".join(process.cmdline())]
    assert len(servers) == 1


def unshared_port() -> int:
    """A free port far from the first port of an embedded server, where the servers of tests that run at the same time look for theirs."""
    return postgres.free_port(20_000 + os.getpid() % 10_000)


def test_the_port_moves_only_when_somebody_else_has_it(home: Path) -> None:
    first = postgres.start(home, durable=False)
    postgres.stop(home)
    kept = unshared_port()
    (home / "postgres" / "server.json").write_text(json.dumps({"port": kept, "password": first.password}))
    for _ in range(2):
        assert postgres.start(home, durable=False).port == kept
        postgres.stop(home)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", kept))
        other.listen()
        second = postgres.start(home, durable=False)
    assert second.port > kept
    assert second.password == first.password


def test_two_homes_have_two_servers(home: Path) -> None:
    other = home / "other"
    try:
        assert postgres.start(home, durable=False).port != postgres.start(other, durable=False).port
        postgres.stop(home)
        assert postgres.is_running(other)
    finally:
        postgres.stop(other)


def test_a_lost_password_file_costs_no_data(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The message of before advised to delete the warehouse. While the server runs, the loss is named; its next start mends it."""
    server = postgres.start(home, durable=False)
    server.ensure_databases("warehouse")
    with connect(server, "warehouse") as connection:
        connection.execute("create table kept as select 7 as n")
    path = home / "postgres" / "server.json"
    for damage in (path.unlink, lambda: path.write_text('{"port": 54')):
        damage()
        with pytest.raises(
            postgres.StateLost, match=r"server\.json is lost or damaged .* The warehouse itself is whole: `cchc down`, then `cchc init`"
        ):
            postgres.start(home, durable=False)
        postgres.stop(home)
        renewed = postgres.start(home, durable=False)
        assert "server.json is lost or damaged" in caplog.text
        assert renewed.password != server.password
        with connect(renewed, "warehouse") as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            connect(server if server.port == renewed.port else replace(renewed, password=server.password))
        caplog.clear()


def test_as_an_ordinary_user() -> None:
    """In a root session: the whole controller in a child process of the user `nobody`."""
    if os.geteuid() != 0:
        pytest.skip("this session is an ordinary user's: every other test here shows it")
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv, so no ordinary user can be had")
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "plugins"), "PYTHONDONTWRITEBYTECODE": "1"}
    probe = [*as_nobody, sys.executable, "-c", "import cchc.warehouse.embedded as p, psycopg; p.binaries()"]
    if subprocess.run(probe, env=environment, capture_output=True, check=False).returncode != 0:
        pytest.skip("the Python environment cannot be read by an ordinary user here")
    home = Path(tempfile.mkdtemp(prefix="cchc-nobody-"))
    os.chown(home, 65534, 65534)
    try:
        script = f"""if True:
            import os, pathlib
            from cchc.warehouse import embedded as postgres
            home = pathlib.Path({str(home)!r})
            server = postgres.start(home, durable=False)
            server.ensure_databases("warehouse")
            assert os.geteuid() == 65534 and postgres.is_running(home)
            postgres.stop(home)
            assert not postgres.is_running(home)
        """
        subprocess.run([*as_nobody, sys.executable, "-c", script], env=environment, check=True, timeout=60)
        assert {path.stat().st_uid for path in (home / "postgres").iterdir()} == {65534}
    finally:
        postgres.stop(home)
        shutil.rmtree(home)


def test_root_without_user_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `unshare` is forbidden, root's server runs as an unprivileged user, and later sessions keep to it."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv")
    home = Path(tempfile.mkdtemp(prefix="cchc-setpriv-"))
    home.chmod(0o755)
    real_which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "unshare" else real_which(name))
    postgres._prefix_for_root.cache_clear()
    try:
        reachable = subprocess.run(
            [*postgres._prefix_for_root(), str(postgres.binaries() / "postgres"), "--version"], capture_output=True, check=False
        )
        if reachable.returncode != 0:
            pytest.skip("the Python environment cannot be read by an unprivileged user here")
        server = postgres.start(home, durable=False)
        assert (home / "postgres" / "data").stat().st_uid != 0
        monkeypatch.undo()
        postgres._prefix_for_root.cache_clear()
        postgres.stop(home)
        assert postgres.start(home, durable=False) == server
    finally:
        postgres._prefix_for_root.cache_clear()
        postgres.stop(home)
        shutil.rmtree(home)


@pytest.mark.parametrize("given", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"])
def test_every_spelling_of_the_url_becomes_psycopg(given: str) -> None:
    assert warehouse_url.normalised(f"{given}://u:p@h:1/d?sslmode=require") == "postgresql+psycopg://u:p@h:1/d?sslmode=require"


@pytest.mark.parametrize("given", ["sqlite:///x.db", "mysql://h/d", "warehouse.example", ""])
def test_other_databases_are_refused_by_name(given: str) -> None:
    with pytest.raises(NotConfigured, match="CCHC_WAREHOUSE_URL"):
        warehouse_url.normalised(given)


def test_without_a_url_the_embedded_server_is_started(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(home))
    monkeypatch.delenv("CCHC_WAREHOUSE_URL", raising=False)
    postgres.start(home, durable=False)
    url = warehouse_url.warehouse_url(Settings.load())
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("select current_database()").fetchone() == ("warehouse",)


def test_the_server_is_asked_once_as_long_as_it_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call that asks for the warehouse would otherwise log in once more, a third of an ingest of many small files."""
    monkeypatch.setenv("CCHC_HOME", str(home))
    monkeypatch.delenv("CCHC_WAREHOUSE_URL", raising=False)
    postgres.start(home, durable=False)
    settings = Settings.load()
    first = warehouse_url.warehouse_url(settings)
    asked: list[str] = []
    monkeypatch.setattr(postgres.Server, "ensure_databases", lambda self, *names, login: asked.extend(names))
    assert warehouse_url.warehouse_url(settings) == first
    assert asked == []
    postgres.stop(home)
    assert warehouse_url.warehouse_url(settings) == first
    assert asked == ["warehouse"], "a server that was started again is asked again"
