"""Processes that continue after the command that started them: record them in a file, find them again, and end them with all children.

Each recorded process leads a session of its own (setsid), so its children can be found even after it has ended. The number of a process may
be used again by another process, so the time of creation is compared too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from cchc.errors import CchcError
from cchc.files import write_atomic
from cchc.waiting import wait_until

LAST_PATIENCE = 2.0
SAME_TIME_SECONDS = 2.0  # the clock may be set between two readings of one process's time of creation


@dataclass(frozen=True)
class Recorded:
    """One started process: its number and when it was created (seconds since 1970)."""

    pid: int
    created: float


class ProcessFile:
    """The started processes of one stack by name, kept in `path`. `folder` is the working folder of all of them."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.folder = folder

    def read(self) -> dict[str, Recorded]:
        """The recorded processes by name; empty if there is no record. Raises CchcError where the record cannot be read."""
        try:
            saved = json.loads(self.path.read_text())
            return {name: Recorded(int(entry["pid"]), float(entry["created"])) for name, entry in saved.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CchcError(
                f"{self.path} cannot be read ({type(error).__name__}), so nobody can tell what runs here: `cchc down` ends every "
                "process that was started in its folder, then `cchc up`"
            ) from error

    def add(self, name: str, pid: int) -> None:
        """Record the process `pid`, which has just been started, under `name`."""
        created = psutil.Process(pid).create_time()
        entries = {**self.read(), name: Recorded(pid, created)}
        saved = {name: {"pid": entry.pid, "created": entry.created} for name, entry in entries.items()}
        write_atomic(self.path, json.dumps(saved, indent=1))

    def alive(self) -> dict[str, psutil.Process]:
        """The recorded processes that are still alive, by name."""
        found = {name: _same_process(entry) for name, entry in self.read().items()}
        return {name: process for name, process in found.items() if process is not None}

    def strays(self) -> list[psutil.Process]:
        """Live processes that were started as the recorded ones are, and stand in no record: it is lost, or was damaged.

        Each leads a session of its own, works in the folder, and is a Python: a shell in that folder is none.
        """
        recorded = {entry.pid for entry in self._readable().values()}
        found = []
        for process in psutil.process_iter(["cwd", "status"]):
            with suppress(OSError, psutil.Error):
                is_here = process.info["cwd"] == str(self.folder) and process.info["status"] != psutil.STATUS_ZOMBIE
                is_leader = is_here and os.getsid(process.pid) == process.pid and process.pid not in {os.getpid(), *recorded}
                if is_leader and Path(process.exe()).name.startswith("python"):
                    found.append(process)
        return found

    def _readable(self) -> dict[str, Recorded]:
        """As `read`; empty where the record cannot be read, for those who end whatever runs."""
        try:
            return self.read()
        except CchcError:
            return {}

    def members(self) -> list[psutil.Process]:
        """Every live process among the recorded processes and those that stand in no record, their sessions and their descendants."""
        strays = self.strays()
        recorded = [*self._readable().values(), *(Recorded(process.pid, process.create_time()) for process in strays if _is_live(process))]
        found: dict[int, psutil.Process] = {}
        leaderless: list[Recorded] = []
        sessions = set()
        for entry in recorded:
            leader = _same_process(entry)
            if leader is None:
                leaderless.append(entry)
                continue
            sessions.add(entry.pid)
            with suppress(psutil.Error):
                found |= {process.pid: process for process in [leader, *leader.children(recursive=True)]}
        for process in psutil.process_iter(["create_time", "cwd", "status"]):
            with suppress(OSError):
                session = os.getsid(process.pid)
                orphan = process.info["cwd"] == str(self.folder) and any(
                    session == entry.pid and process.info["create_time"] >= entry.created - SAME_TIME_SECONDS for entry in leaderless
                )
                if process.info["status"] != psutil.STATUS_ZOMBIE and (session in sessions or orphan):
                    found.setdefault(process.pid, process)
        return list(found.values())

    def end_left_of(self, name: str) -> None:
        """End what a recorded process that has died has left behind: its children, in whatever session they are."""
        entry = self.read().get(name)
        if entry is None or _same_process(entry) is not None:
            return
        left: dict[int, psutil.Process] = {}
        for process in psutil.process_iter(["create_time", "cwd", "status"]):
            with suppress(OSError, psutil.Error):
                is_later = process.info["create_time"] >= entry.created - SAME_TIME_SECONDS
                is_ours = process.info["cwd"] == str(self.folder) and os.getsid(process.pid) == entry.pid
                if is_later and is_ours and process.info["status"] != psutil.STATUS_ZOMBIE:
                    left |= {each.pid: each for each in [process, *process.children(recursive=True)]}
        for process in _terminate(list(left.values()), LAST_PATIENCE):
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(list(left.values()), timeout=LAST_PATIENCE)

    def end(self, stages: Iterable[tuple[tuple[str, ...], float]]) -> None:
        """End all recorded processes with all their children, and remove the record.

        Each stage names processes and the seconds to wait for them after SIGTERM. After the stages all remaining processes get SIGTERM, and
        those that do not end within two seconds are killed.
        """
        recorded = {name: process for name, entry in self._readable().items() if (process := _same_process(entry)) is not None}
        everything = {process.pid: process for process in self.members()}
        for names, patience in stages:
            _terminate([process for name, process in recorded.items() if name in names], patience)
        everything |= {process.pid: process for process in self.members()}
        left = _terminate([process for process in everything.values() if _is_live(process)], LAST_PATIENCE)
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=LAST_PATIENCE)
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise CchcError(f"every process has ended, but {self.path} cannot be removed ({error.strerror}): move it away") from error


def _same_process(entry: Recorded) -> psutil.Process | None:
    try:
        process = psutil.Process(entry.pid)
        same = abs(process.create_time() - entry.created) < SAME_TIME_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _terminate(processes: list[psutil.Process], patience: float) -> list[psutil.Process]:
    """Send SIGTERM to the processes and wait `patience` seconds. Returns those that still run; a zombie counts as ended."""
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    wait_until(lambda: not any(map(_is_live, processes)), patience)
    return [process for process in processes if _is_live(process)]


def _is_live(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
