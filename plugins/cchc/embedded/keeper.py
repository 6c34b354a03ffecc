"""The keeper of the embedded stack: what has died of PostgreSQL and of Airflow's processes is started again.

`cchc up` starts it beside Airflow as `python -m cchc.embedded.keeper FOLDER`, with Airflow's environment; `cchc down` ends it first.
Without it nothing would start a process again: when PostgreSQL recovers from a crash, which takes a second, Airflow's dag-processor and
triggerer end, sometimes its scheduler, too. On a server docker-compose does this.

It writes what it did into `restarts.json`, of which `cchc doctor` tells, and has those told of it whom alerts.yaml names (restarts.py).
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from cchc.airflow.launch import COMPONENTS
from cchc.airflow.processes import ProcessFile
from cchc.embedded.restarts import Teller
from cchc.errors import CchcError
from cchc.files import locked
from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres

log = logging.getLogger(__name__)

KEEPER, POSTGRESQL, SCHEDULER = "keeper", "postgresql", "scheduler"
WORKER = "LocalExecutor"  # in the title of the processes in which Airflow's executor runs tasks
EVERY_SECONDS = 2.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 300.0  # between two starts of a process that ends again and again
KILLED_SECONDS = 5.0
STEADY_SECONDS = 600.0  # a process that has lived so long begins with the first pause again


@dataclass
class _Start:
    """The last start of a process: when (of the monotonic clock), and how long to wait before the next one."""

    at: float
    pause: float


class Keeper:
    """Looks after the processes of one installation. `home`: CCHC_HOME; `command`: how a component of Airflow is started."""

    def __init__(self, home: Path, folder: Path, command: Callable[[str], list[str]]) -> None:
        self.home, self.folder, self.command = home, folder, command
        self.processes = ProcessFile(folder / "processes.json", folder)
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._last: dict[str, _Start] = {}
        self._port = _port_of(home)
        self._workers: tuple[int, set[int]] = (0, set())
        self.teller = Teller(folder)

    def is_wanted(self) -> bool:
        """Whether the stack still counts this process as its keeper."""
        try:
            entry = self.processes.read().get(KEEPER)
        except CchcError as error:
            log.error("the keeper ends: %s", error)
            return False
        return entry is not None and entry.pid == os.getpid()

    def look(self) -> list[str]:
        """Start again what has died, unless `cchc up` or `cchc down` is at work. Returns the names."""
        for process in self._started.values():
            process.poll()  # its end is taken note of, so that no zombie stays
        try:
            with locked(self.folder / "lock", wait=False):
                return self._mend()
        except BlockingIOError:
            return []

    def _mend(self) -> list[str]:
        if not postgres.is_running(self.home):
            return [POSTGRESQL] if self._may(POSTGRESQL) and self._start_postgresql() else []
        recorded, alive = self.processes.read(), self.processes.alive()
        if SCHEDULER in alive and self._has_lost_a_worker(alive[SCHEDULER]):
            log.warning("a worker of the scheduler's executor has ended: the scheduler is ended, too, because no task might start any more")
            with suppress(psutil.Error):
                alive.pop(SCHEDULER).kill()
            wait_until(lambda: SCHEDULER not in self.processes.alive(), KILLED_SECONDS)
            self._last.pop(SCHEDULER, None)  # it has not ended by itself, so it is started at once
        return [name for name in COMPONENTS if name in recorded and name not in alive and self._may(name) and self._is_started(name)]

    def _has_lost_a_worker(self, scheduler: psutil.Process) -> bool:
        """Whether a worker has died since the last look; the executor itself ends none.

        A worker waits for tasks with a lock of all workers. Killed, it keeps it for ever: no task starts any more, and Airflow calls itself
        healthy.
        """
        workers = set()
        with suppress(psutil.Error):
            workers = {child.pid for child in scheduler.children() if _is_worker(child)}
        before, self._workers = self._workers, (scheduler.pid, workers)
        return before[0] == scheduler.pid and not before[1] <= workers

    def _may(self, name: str) -> bool:
        """Whether it is time for another start of this process; notes the start."""
        moment, last = time.monotonic(), self._last.get(name)
        if last is None or moment - last.at > STEADY_SECONDS:
            self._last[name] = _Start(moment, FIRST_PAUSE_SECONDS)
            return True
        if moment - last.at < last.pause:
            return False
        self._last[name] = _Start(moment, min(2 * last.pause, LONGEST_PAUSE_SECONDS))
        return True

    def _start_postgresql(self) -> bool:
        try:
            server = postgres.start(self.home)
        except CchcError as error:
            log.error("PostgreSQL does not start: %s", error)
            self.teller.has_failed(POSTGRESQL, str(error))
            return False
        if server.port != self._port:
            log.error("PostgreSQL has port %s now and not %s, which another program has taken: run `cchc up`", server.port, self._port)
        self._note(POSTGRESQL)
        return True

    def _is_started(self, name: str) -> bool:
        try:
            self._start(name)
        except (OSError, CchcError, psutil.Error) as error:  # one that cannot be started keeps no other from being started
            log.exception("%s could not be started again", name)
            self.teller.has_failed(name, f"{type(error).__name__}: {error}")
            return False
        return True

    def _start(self, name: str) -> None:
        """Start a component of Airflow again; what the dead one has left, tasks of a scheduler for instance, is ended before."""
        self.processes.end_left_of(name)
        with open(self.folder / "logs" / f"{name}.log", "a") as output:
            process = subprocess.Popen(
                self.command(name), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        self._started[name] = process
        self.processes.add(name, process.pid)
        self._note(name)

    def _note(self, name: str) -> None:
        log.warning("%s had ended by itself, and was started again", name)
        self.teller.file.add(name)


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and WORKER in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _port_of(home: Path) -> int | None:
    server = postgres.running_server(home)
    return server.port if server else None


def main(arguments: list[str]) -> int:
    """Look after the installation whose folder of Airflow is named until it is stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    folder = Path(arguments[0])
    keeper = Keeper(Settings.load().home, folder, lambda name: [sys.executable, "-m", "airflow", *COMPONENTS[name]])
    time.sleep(EVERY_SECONDS)  # whoever has started it writes its number down
    while keeper.is_wanted():
        try:
            keeper.look()
        except Exception:  # the next look may find it otherwise, and a keeper that has ended keeps nothing
            log.exception("what has died could not be started again")
        keeper.teller.step()
        time.sleep(EVERY_SECONDS)
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
