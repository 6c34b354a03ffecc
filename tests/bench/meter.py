"""CPU seconds of a client and of the embedded PostgreSQL, seconds on the clock, and the most memory that each takes.

The server's seconds are those of the postmaster, of its children that have ended (the kernel adds them when it reads their end) and of
those that live, from /proc: background processes as autovacuum count too, because nobody would pay for them without the load.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from cchc.settings import PROJECT

SAMPLE_SECONDS = 0.1
MEGABYTE = 1 << 20


@dataclass
class Cost:
    """What a piece of work took: CPU seconds of client and server, seconds on the clock, memory in MB, and what it said itself."""

    client: float = 0.0
    server: float = 0.0
    wall: float = 0.0
    client_mb: float = 0.0
    server_mb: float = 0.0
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """CPU seconds of both."""
        return self.client + self.server

    def as_json(self) -> dict[str, Any]:
        """As the file of results has it."""
        numbers = {name: round(getattr(self, name), 3) for name in ("client", "server", "cpu", "wall")}
        return numbers | {"client_mb": round(self.client_mb), "server_mb": round(self.server_mb)} | self.said


def server_cpu(postmaster: int) -> float:
    """CPU seconds of a PostgreSQL since its start: `postmaster` is the number of its first process."""
    main = psutil.Process(postmaster)
    times = main.cpu_times()
    seconds = times.user + times.system + times.children_user + times.children_system
    for child in main.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:  # it has ended meanwhile: the next reading finds it among the ended ones
            continue
        seconds += times.user + times.system
    return float(seconds)


def server_memory(postmaster: int) -> float:
    """MB that the processes of a PostgreSQL hold of their own, all together, and the shared memory once."""
    own = shared = 0
    try:
        processes = [psutil.Process(postmaster), *psutil.Process(postmaster).children(recursive=True)]
    except psutil.Error:
        return 0.0
    for process in processes:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon", "RssShmem"))}
        own += sizes.get("RssAnon", 0)
        shared = max(shared, sizes.get("RssShmem", 0))
    return (own + shared) / MEGABYTE


def postmaster_of(home: Path) -> int:
    """The first process of the embedded server of a folder, which runs."""
    return int((home / "postgres" / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


@contextmanager
def part(postmaster: int, into: dict[str, Any], name: str) -> Iterator[None]:
    """Measure a part of the work of this process, and put its CPU seconds and seconds into `into[name]`."""
    server, client, begun = server_cpu(postmaster), time.process_time(), time.perf_counter()
    yield
    wall, client, server = time.perf_counter() - begun, time.process_time() - client, server_cpu(postmaster) - server
    into[name] = {"client": round(client, 3), "server": round(server, 3), "cpu": round(client + server, 3), "wall": round(wall, 3)}


class _Memory:
    """The most that a server holds while something else is done."""

    def __init__(self, postmaster: int) -> None:
        self.most = server_memory(postmaster)
        self._postmaster = postmaster
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.most = max(self.most, server_memory(self._postmaster))


def measured(postmaster: int, command: list[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a program to its end and measure all of it, its start too. What it prints as its last line is JSON, and becomes `said`.

    Raises SystemExit with what the program said if it fails.
    """
    server, begun = server_cpu(postmaster), time.perf_counter()
    with _Memory(postmaster) as memory:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT, env={**os.environ, **(environment or {})}
        )
        out, err = _both(process)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{out.decode()[-3000:]}\n{err.decode()[-3000:]}")
    lines = out.decode().strip().splitlines()
    said = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Cost(used.ru_utime + used.ru_stime, server_cpu(postmaster) - server, wall, used.ru_maxrss / 1024, memory.most, said)


def measured_here(postmaster: int, work: Callable[[], dict[str, Any]]) -> Cost:
    """Measure work of this process, with what it has loaded already; its memory is that of the whole process until then."""
    server, client, begun = server_cpu(postmaster), time.process_time(), time.perf_counter()
    with _Memory(postmaster) as memory:
        said = work()
    wall, client = time.perf_counter() - begun, time.process_time() - client
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(client, server_cpu(postmaster) - server, wall, most, memory.most, said)


def _both(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What a process prints, until it closes both ends; it is not waited for, because its end tells what it used."""
    assert process.stdout is not None and process.stderr is not None
    errors: list[bytes] = []
    reader = threading.Thread(target=lambda stream: errors.append(stream.read()), args=(process.stderr,), daemon=True)
    reader.start()
    out = process.stdout.read()
    reader.join()
    process.stdout.close()
    process.stderr.close()
    return out, errors[0]


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of the project in a process of its own."""
    return [sys.executable, "-W", "ignore", "-m", module, *arguments]
