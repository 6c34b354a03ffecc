"""A whole stack of its own: PostgreSQL, Airflow with its scheduler, and the sources of a world; and what a fault does to them.

The times after which Airflow looks for tasks whose process is gone are shortened: minutes of waiting show nothing more than seconds do.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil
import psycopg

from cchc.airflow.launch import COMPONENTS
from cchc.airflow.processes import ProcessFile
from cchc.cli import main as cli
from cchc.embedded import stack
from cchc.embedded.airflow_api import AirflowApi
from cchc.embedded.keeper import KEEPER, POSTGRESQL
from cchc.embedded.stack import REFRESH_DAG
from cchc.errors import SourceUnavailable
from cchc.reference.dirty_months import dirty_months
from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from cchc.warehouse.url import DATABASE
from tests.faults.rounds import BESIDE_THE_POINT, State
from tests.oracle.server import ContractServer
from tests.oracle.world import World
from tests.support.environment import environment
from tests.support.table_rows import table_rows

KEY = "a key for tests"
BEFORE = "undisturbed"  # the warehouse that goes its way without a fault
SOON = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "25",  # 300
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",  # 10
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",  # 300
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",  # 30
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",  # 600
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "15",  # 120
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",  # 30
}


class RealStack:
    """An installation in a folder of its own, its sources, and an undisturbed warehouse on the same server."""

    def __init__(self, world: World, by_files: tuple[str, ...] = ("payments", "feedback")) -> None:
        memory = Path("/dev/shm")
        self.home = Path(tempfile.mkdtemp(prefix="cchc-stack-", dir=memory if memory.is_dir() else None))
        self.world = world
        self.server = ContractServer(world, self.home / "drop", files_of=by_files)
        self.sources = ("one_stop", "documents", *by_files)

    @contextmanager
    def running(self) -> Iterator[RealStack]:
        """The stack, stopped and removed afterwards."""
        try:
            with self.server:
                variables = {
                    "CCHC_HOME": str(self.home),
                    "CCHC_PRIVACY_KEY": KEY,
                    "CCHC_SCHEDULE": "off",
                    **SOON,
                    **self.server.connections(),
                }
                with environment(**variables):
                    self.settings = Settings.load()
                    try:
                        assert cli.main(["init"]) == 0
                        assert cli.main(["refresh"]) == 0  # months that nobody has data of
                        engine(self.settings).dispose()
                        self._copy()
                        yield self
                    finally:
                        stack.down(self.settings)
                        engine(self.settings).dispose()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    # ------------------------------------------------------------ the way without a fault
    def _copy(self) -> None:
        server = postgres.start(self.home)
        with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", [DATABASE])
            connection.execute(f"create database {BEFORE} template {DATABASE}")

    def undisturbed(self, moments: list[datetime]) -> list[State]:
        """Every row of core and mart after plain ingests and a refresh at each moment, by the command line."""
        states = []
        url = postgres.start(self.home).url(BEFORE)
        home = self.home / "undisturbed"
        with environment(**{**os.environ, "CCHC_HOME": str(home), "CCHC_WAREHOUSE_URL": url}):
            settings = Settings.load()
            for moment in moments:
                self.server.clock = moment
                for source in self.sources:
                    assert cli.main(["ingest", source, "--to", moment.isoformat()]) in (0, 3), source
                assert cli.main(["refresh"]) == 0
                states.append(table_rows(settings, *BESIDE_THE_POINT))
            engine(settings).dispose()
        return states

    def state(self) -> State:
        """Every row of core and mart of the stack's warehouse."""
        return table_rows(self.settings, *BESIDE_THE_POINT)

    def marked(self) -> set[str]:
        """The months that wait for a refresh."""
        engine(self.settings).dispose()
        with engine(self.settings).connect() as connection:
            return {month for months in dirty_months(connection).values() for month in months}

    # ------------------------------------------------------------ Airflow
    def up(self) -> None:
        """`cchc up`, in a process of its own as an operator runs it: what it starts is not the child of a test."""
        done = subprocess.run([sys.executable, "-m", "cchc.cli", "up"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    def api(self) -> AirflowApi:
        """Its API."""
        return AirflowApi(stack._url(self.settings), stack.ADMIN, self.settings.secret(stack.ADMIN_PASSWORD))

    def dags(self) -> list[str]:
        """The DAGs of a round."""
        return [*(f"ingest_{source}" for source in self.sources), REFRESH_DAG]

    @property
    def processes(self) -> ProcessFile:
        """Airflow's processes."""
        folder = self.home / "airflow"
        return ProcessFile(folder / "processes.json", folder)

    def told(self) -> list[str]:
        """What `cchc doctor` says of PostgreSQL and Airflow that is not well, or was not."""
        try:
            return [text for level, text in stack.health(self.settings) if level != stack.OK]
        except SourceUnavailable as error:  # the API server dies between two questions
            return [str(error)]

    def dead(self) -> list[str]:
        """What does not run of PostgreSQL and Airflow's processes."""
        stopped = [] if postgres.is_running(self.home) else [POSTGRESQL]
        return [*stopped, *sorted(set(COMPONENTS) - set(self.processes.alive()))]

    # ------------------------------------------------------------ faults
    def kill_component(self, name: str) -> None:
        """kill -9 of one of Airflow's processes, of none of its children."""
        kill([self.processes.alive()[name]])

    def task_processes(self, dag_ids: list[str]) -> list[psutil.Process]:
        """The processes of running tasks, by Airflow's own record."""
        statement = "select pid from task_instance where state = 'running' and dag_id = any(%s) and pid is not null order by start_date"
        return [psutil.Process(pid) for (pid,) in self.metadata(statement, [dag_ids]) if psutil.pid_exists(pid)]

    def metadata(self, statement: str, values: list[object] | None = None) -> list[tuple[object, ...]]:
        """Rows of Airflow's metadata."""
        server = postgres.running_server(self.home)
        assert server is not None
        with psycopg.connect(server.url("airflow").replace("+psycopg", ""), connect_timeout=5) as connection:
            return connection.execute(statement, values).fetchall()

    def kill_backend(self, database: str) -> bool:
        """kill -9 of a process that serves a database: the server ends all sessions and recovers. False if nobody is connected."""
        server = postgres.running_server(self.home)
        assert server is not None
        with psycopg.connect(server.url("postgres").replace("+psycopg", "")) as connection:
            found = connection.execute("select pid from pg_stat_activity where datname = %s order by 1 desc", [database]).fetchone()
        if found is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(found[0], signal.SIGKILL)
        assert wait_until(lambda: not psutil.pid_exists(found[0]), 60, 0.01)
        self.await_postgres()
        return True

    def kill_postgres(self) -> None:
        """kill -9 of the server and all its processes; it is not started again."""
        pid = postgres.postmaster_of(self.home)
        assert pid is not None
        leader = psutil.Process(pid)
        kill([leader, *leader.children(recursive=True)])

    @contextmanager
    def held_down(self) -> Iterator[None]:
        """Inside, the keeper starts nothing: it stands still."""
        keeper = self.processes.alive()[KEEPER]
        keeper.suspend()
        try:
            yield
        finally:
            keeper.resume()

    def await_postgres(self) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            with suppress(psycopg.OperationalError, AssertionError):
                return bool(self.metadata("select 1"))
            return False

        assert wait_until(answers, 60, 0.05), "PostgreSQL does not come back"


def kill(processes: list[psutil.Process]) -> None:
    """kill -9."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=30)


__all__ = ["RealStack", "kill"]
