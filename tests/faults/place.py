"""A PostgreSQL server of its own that may be killed, a migrated template in it, and sites: a warehouse beside its troubled sources."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from psycopg.errors import OperationalError

from cchc.cli import main as cli
from cchc.errors import CchcError
from cchc.settings import PROJECT, Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.faults.troubled_source import TroubledSource
from tests.oracle.world import World
from tests.runs.site import Site
from tests.support.environment import environment
from tests.support.warehouse import admin

TIMEOUT_SECONDS = 1.0  # of a request; the answers of a world take milliseconds
ANSWER_MB = 1
ROOM = 2**30  # bytes of the disk that can be made full
PAGE = 4096  # the smallest disk in memory: one of 0 bytes has no limit, and Linux gives it none afterwards
OWN_PORT = 26000
KEY = "a key for tests"


class Place:
    """The server and the folder of everything below it.

    `small_disk`: where the tablespace of the warehouses is; `log_disk`: where the write-ahead log is. Both can be made full (root alone).
    """

    def __init__(self, world: World) -> None:
        memory = Path("/dev/shm")
        self.home = Path(tempfile.mkdtemp(prefix="cchc-faults-", dir=memory if memory.is_dir() else None))
        self.world = world
        self.numbers = itertools.count(1)
        self.small_disk: Path | None = None
        self.log_disk: Path | None = None

    def __enter__(self) -> Place:
        # as an installation has it: a server that does not wait for its disk may lose what it said is done when it is killed
        self.server = self._start_apart()
        self.sources = self.home / "sources"
        shutil.copytree(PROJECT / "include" / "sources", self.sources)
        for source in ("one_stop", "documents"):
            path = self.sources / f"{source}.yaml"
            said = path.read_text(encoding="utf-8")
            assert "timeout_seconds: 60" in said
            path.write_text(said.replace("timeout_seconds: 60", f"timeout_seconds: {TIMEOUT_SECONDS}"), encoding="utf-8")
        self.server.ensure_databases("template_of_faults")
        variables = {"CCHC_HOME": str(self.home / "template"), "CCHC_WAREHOUSE_URL": self.server.url("template_of_faults")}
        with environment(**variables):
            assert cli.main(["init"]) == 0
            engine(Settings.load()).dispose()
        if os.getuid() == 0:
            self._make_small_disk()
        return self

    def __exit__(self, *_: object) -> None:
        postgres.stop(self.home / "postgres")
        for disk in (self.small_disk, self.log_disk):
            if disk is not None:
                unmount(disk)
        shutil.rmtree(self.home, ignore_errors=True)

    def _start_apart(self) -> postgres.Server:
        """The server on a port on which no other installation of this machine begins to look for one: it must be free after each kill."""
        folder = self.home / "postgres"
        started = postgres.start(folder)
        # each piece of the write-ahead log is a new file, so that a full disk is met soon
        for name, value in (("wal_recycle", "off"), ("min_wal_size", "2MB")):
            admin(started, f"alter system set {name} = '{value}'")
        postgres.stop(folder)
        self._move_log(folder / "postgres" / "data")
        state = folder / "postgres" / "server.json"
        kept = json.loads(state.read_text(encoding="utf-8"))
        state.write_text(json.dumps(kept | {"port": postgres.free_port(OWN_PORT + os.getpid() % 1000)}), encoding="utf-8")
        return postgres.start(folder)

    def _move_log(self, data: Path) -> None:
        """The write-ahead log on a disk of its own, in pieces of 1 MB."""
        disk, log = self.home / "log_disk", data / "pg_wal"
        if os.getuid() != 0 or not mount(disk, str(ROOM)):
            return
        owner = data.stat()
        shutil.copytree(log, disk / "pg_wal")
        shutil.rmtree(log)
        log.symlink_to(disk / "pg_wal")
        for path in (disk, *disk.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
        postgres._run(data, "pg_resetwal", "--wal-segsize=1", "-D", str(data))
        self.log_disk = disk

    def _make_small_disk(self) -> None:
        """A tablespace on a disk of its own, on which the warehouses lie: the tables that are there, and those that a task makes."""
        path = self.home / "small_disk"
        if not mount(path, str(ROOM)):
            return
        owner = (self.home / "postgres" / "postgres" / "data").stat()
        os.chown(path, owner.st_uid, owner.st_gid)
        admin(self.server, f"create tablespace small_disk location '{path}'")
        self.small_disk = path

    @contextmanager
    def full_disk(self, free: int) -> Iterator[None]:
        """Let the disk of the tablespace have so many bytes free. Afterwards there is room again: a server that recovers needs it."""
        assert self.small_disk is not None
        used = shutil.disk_usage(self.small_disk).used
        try:
            _resize(self.small_disk, max(used + free, PAGE))
            yield
        finally:
            _resize(self.small_disk, ROOM)

    @contextmanager
    def full_log(self, free: int) -> Iterator[None]:
        """Let the disk of the write-ahead log have so many bytes free. PostgreSQL ends where it cannot write it; then it is started again."""
        assert self.log_disk is not None
        used = shutil.disk_usage(self.log_disk).used
        try:
            _resize(self.log_disk, max(used + free, PAGE))
            yield
        finally:
            _resize(self.log_disk, ROOM)
            # a server that is ending is taken for one that runs, so it is started until it answers
            assert wait_until(self._started_and_answers, 60, 0.2), "PostgreSQL does not come back after its log's disk was full"

    @contextmanager
    def site(self) -> Iterator[Site]:
        """A fresh warehouse beside sources at their beginning; gone afterwards."""
        name = f"site_{next(self.numbers)}"
        home = self.home / name
        where = "" if self.small_disk is None else " tablespace small_disk"
        admin(self.server, f"create database {name} template template_of_faults strategy file_copy{where}")
        with TroubledSource(self.world, home / "drop") as source:
            variables = {
                "CCHC_HOME": str(home),
                "CCHC_WAREHOUSE_URL": self.server.url(name),
                "CCHC_PRIVACY_KEY": KEY,
                "CCHC_SOURCES_DIR": str(self.sources),
                "CCHC_MAX_ANSWER_MB": str(ANSWER_MB),
                **source.connections(),
            }
            with environment(**variables):
                settings = Settings.load()
                yield Site(settings, source, self.world)
                engine(settings).dispose()
        self.await_server()
        admin(self.server, f"drop database {name} with (force)")
        shutil.rmtree(home, ignore_errors=True)

    # ------------------------------------------------------------ what happens to the server
    def kill_server(self) -> None:
        """kill -9 of the server and all its processes, and a start."""
        self._kill(psutil.Process(self._postmaster()), whole=True)
        started = postgres.start(self.home / "postgres")
        assert started.port == self.server.port, f"another program has taken port {self.server.port} of the harness"

    def kill_backend(self, database: str) -> bool:
        """kill -9 of a process that serves a database: the server ends all sessions and recovers. False if nobody is connected."""
        with psycopg.connect(self.server.url("postgres").replace("+psycopg", "")) as connection:
            found = connection.execute("select pid from pg_stat_activity where datname = %s order by 1 desc", [database]).fetchone()
        if found is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(found[0], signal.SIGKILL)
        # the server takes calls until it has seen what happened
        assert wait_until(lambda: not psutil.pid_exists(found[0]), 60, 0.01), "PostgreSQL does not see that its process is gone"
        self.await_server()
        return True

    def await_server(self) -> None:
        """Wait until the server answers again. Raises AssertionError if it does not."""

        errors: list[str] = []
        if not wait_until(lambda: self._answers(errors), 60, 0.05):
            logged = sorted((self.home / "postgres").rglob("*.log"), key=lambda path: path.stat().st_mtime)
            said = logged[-1].read_text(errors="replace")[-4000:] if logged else "it has no log"
            raise AssertionError(f"PostgreSQL does not come back: {errors[-1]}. Its log: {said}")

    def _answers(self, errors: list[str]) -> bool:
        try:
            with psycopg.connect(self.server.url("postgres").replace("+psycopg", "")):
                return True
        except OperationalError as error:
            errors.append(str(error).strip())
            return False

    def _started_and_answers(self) -> bool:
        with suppress(CchcError):
            started = postgres.start(self.home / "postgres")
            assert started.port == self.server.port, f"another program has taken port {self.server.port} of the harness"
        return self._answers([])

    def _postmaster(self) -> int:
        return int((self.home / "postgres" / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])

    @staticmethod
    def _kill(process: psutil.Process, *, whole: bool) -> None:
        struck = [process, *(process.children(recursive=True) if whole else [])]
        for each in struck:
            with suppress(psutil.Error):
                each.kill()
        # as long as one of them is there, a start takes the server for one that runs
        _, left = psutil.wait_procs(struck, timeout=60)
        assert not [each for each in left if each.is_running() and each.status() != psutil.STATUS_ZOMBIE], "kill -9 did not end PostgreSQL"


def mount(path: Path, size: str) -> bool:
    """Mount a disk of a size in memory at `path`; False where that is not allowed."""
    path.mkdir(parents=True, exist_ok=True)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True).returncode == 0


def _resize(path: Path, size: int) -> None:
    done = subprocess.run(["mount", "-o", f"remount,size={size}", str(path)], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{path} cannot be given {size} bytes: {done.stderr.strip()}")


def unmount(path: Path) -> None:
    """Take the disk away again."""
    subprocess.run(["umount", str(path)], check=True, capture_output=True)
