"""Rounds of faults. In each, a warehouse goes the way of the undisturbed one, with faults on the way; at the end every row is compared.

What goes wrong is drawn from a seed. After each fault comes what follows it in an installation: the task is tried again, or the next run.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cchc.errors import CchcError
from cchc.pipeline import ingest as pipeline
from cchc.sources import http
from cchc.sources.connection import from_environment
from cchc.warehouse import engine
from tests.faults.place import Place, mount, unmount
from tests.faults.troubled_source import KINDS, QUICK, TroubledSource
from tests.faults.work import EXTRACT, LOAD, OPEN, STAGE, STEPS, VALIDATE, Running, Task
from tests.runs.site import Site
from tests.support.table_rows import differing, table_rows

HTTP = ("one_stop", "documents")
SOURCES = (*HTTP, "payments")
HANG_SECONDS = 120
TRIES = 8
# what differs between two ways to the same state: numbers of loads, runs and editions (one that is killed takes a number along), and when
# something was computed or published (the hashes of a bundle are made of these too)
BESIDE_THE_POINT = (
    "_load_id",
    "publication_id",
    "publication",
    "computed_at",
    "published_at",
    "found_at",
    "content_sha256",
    "manifest_sha256",
)
KILL, KILL_BACKEND, KILL_SERVER = "kill -9 of the task", "kill -9 of its PostgreSQL process", "kill -9 of PostgreSQL"
SMALL_FILES, FULL_LANDING, FULL_DATABASE = "no file may grow", "full disk of the landing", "full disk of the database"
FULL_LOG = "full disk of the write-ahead log"
CLOCK = "clock of the machine steps"
OVERLAP = "two tasks at once"
State = dict[str, list[str]]


@dataclass
class Tally:
    """What was done and what came of it. `findings`: what must not be: a difference, a hang, an error that is no message."""

    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    rows: int = 0
    findings: list[str] = field(default_factory=list)

    def __iadd__(self, other: Tally) -> Tally:
        self.faults += other.faults
        self.outcomes += other.outcomes
        self.runs, self.rows = self.runs + other.runs, self.rows + other.rows
        self.findings += other.findings
        return self

    def compare(self, expected: State, found: State, what: str) -> None:
        """Every row of two warehouses."""
        self.rows += sum(len(rows) for rows in found.values())
        for table, rows in differing(expected, found).items():
            self.findings.append(f"difference: {what}: {table}: {rows[:2]}")


def core_of(site: Site) -> State:
    """Every row of core."""
    return table_rows(site.settings, *BESIDE_THE_POINT, schemas=("core",))


def state_of(site: Site) -> State:
    """Every row of core and mart."""
    return table_rows(site.settings, *BESIDE_THE_POINT)


# ------------------------------------------------------------ faults of sources
def undisturbed_core(place: Place, moments: list[datetime]) -> State:
    """Core after plain ingests of the sources over HTTP at these moments."""
    with place.site() as site:
        for moment in moments:
            for source in HTTP:
                site.ingest(source, moment)
        return core_of(site)


class SourceRound:
    """Extracts whose source fails, lies or vanishes, each again and again, then published from one that was not disturbed."""

    def __init__(self, place: Place, chance: random.Random, expected: State, moments: list[datetime]) -> None:
        self.place, self.chance, self.expected, self.moments = place, chance, expected, moments
        self.tally = Tally()
        self.source: TroubledSource

    def run(self, faults: int, until: float) -> Tally:
        """At most so many disturbed extracts for each source and moment, until a moment of the monotonic clock."""
        pause, http.FIRST_PAUSE_SECONDS = http.FIRST_PAUSE_SECONDS, 0.0  # a reader that tries again need not wait for a server of a test
        try:
            with self.place.site() as site:
                assert isinstance(site.server, TroubledSource)
                self.source = site.server
                for moment in self.moments:
                    site.server.clock = moment
                    for source in HTTP:
                        self._disturb(site, source, moment, faults, until)
                self.tally.compare(self.expected, core_of(site), f"sources, {dict(self.source.done)}")
                self.tally.faults += self.source.done
        finally:
            http.FIRST_PAUSE_SECONDS = pause
        return self.tally

    def _disturb(self, site: Site, source: str, moment: datetime, faults: int, until: float) -> None:
        def opened() -> int:
            return pipeline.open_extract(site.settings, source, None, moment)

        truth = self._try(site, opened(), source, "nothing")
        extract_id = opened()
        for _ in range(faults):
            if time.monotonic() > until:
                break
            kind = self._plan()
            found = self._try(site, extract_id, source, kind)
            self.source.plan(None)
            if found is None:
                continue
            if found != truth:
                self.tally.findings.append(f"a fault was not seen: {source} {kind}: {found} instead of {truth}")
            if self.chance.random() < 0.02:
                self._publish(site, extract_id)
                truth = self._try(site, opened(), source, "nothing")  # the windows are shorter from now on
            extract_id = opened()
        for _ in range(TRIES):
            if self._try(site, extract_id, source, "nothing") is not None:
                break
        else:
            self.tally.findings.append(f"{source} at {moment}: the undisturbed extract failed {TRIES} times")
        self._publish(site, extract_id)

    def _plan(self) -> str:
        """What goes wrong in the next extract: once, more often than the reader tries again, or every second request."""
        if self.chance.random() < 0.5:
            self.source.be_flaky(self.chance)
            return "is flaky"
        kind = self.chance.choice(KINDS if self.chance.random() < 0.15 else [kind for kind in KINDS if kind != "is too slow"])
        self.source.plan(kind, self.chance.choice((0, 0, 1, 2, 5)), self.chance.choice((1, 1, 8)) if kind in QUICK else 1)
        return kind

    def _try(self, site: Site, extract_id: int, source: str, kind: str) -> dict[str, Any] | None:
        """One extract. Returns how many keys of each entity it landed; None if it failed with a message. Any other error is a finding."""
        before = self.source.done.total()
        self.tally.runs += 1
        try:
            pipeline.extract_step(site.settings, extract_id, from_environment(source))
        except CchcError:
            self.tally.outcomes["refused with a message"] += 1
            return None
        except Exception as error:  # no fault of a source may end in a stack trace
            self.tally.findings.append(f"stack trace: {source} {kind}: {type(error).__name__}: {str(error)[:300]}")
            return None
        if self.source.done.total() > before:
            self.tally.outcomes["borne: the reader asked again"] += 1
        else:
            self.tally.outcomes["undisturbed"] += 1
        # a record that came twice is one record; lists have no other count than that of their records
        keys = "select entity, coalesce(manifest ->> 'distinct_keys', manifest ->> 'records') as keys from ops.load where extract_id = :x"
        return {row["entity"]: row["keys"] for row in site.rows(keys, x=extract_id)}

    def _publish(self, site: Site, extract_id: int) -> None:
        pipeline.stage_step(site.settings, extract_id)
        pipeline.validate_step(site.settings, extract_id)
        pipeline.load_step(site.settings, extract_id)


# ------------------------------------------------------------ faults of processes, disks and clocks
class ProcessRound:
    """All tasks of an installation, each in a process of its own; `share` of them are disturbed, some several times.

    `took`: the seconds that each task takes undisturbed, which tell when to strike.
    """

    def __init__(self, place: Place, chance: random.Random, share: float, took: dict[str, float], period: str) -> None:
        self.place, self.chance, self.share, self.took, self.period = place, chance, share, took, period
        self.tally = Tally()
        self.site: Site
        self.environment: dict[str, str] = {}

    def run(self, moments: list[datetime], until: float = float("inf")) -> tuple[State, Tally]:
        """Every ingest at each moment, refresh, a closing, a retry, maintenance. Returns the rows in the end."""
        with self.place.site() as self.site:
            self.environment = {name: value for name, value in os.environ.items() if name.startswith(("CCHC_", "AIRFLOW_CONN_"))}
            self.until = until
            for moment in moments:
                self.site.server.clock = moment
                for source in SOURCES:
                    self._ingest(source, moment)
                self._do(self._task("refresh"))
            for name in ("retry", "refresh", "close", "maintenance"):
                self._do(self._task(name))
            return state_of(self.site), self.tally

    def overlap(self, moments: list[datetime], pairs: int) -> tuple[State, Tally]:
        """The first moment undisturbed; at the last, pairs of tasks at once, then once more each by itself."""
        with self.place.site() as self.site:
            self.environment = {name: value for name, value in os.environ.items() if name.startswith(("CCHC_", "AIRFLOW_CONN_"))}
            self.until, self.share = 0.0, 0.0
            self.site.server.clock = moments[0]
            for source in SOURCES:
                self._ingest(source, moments[0])
            self._do(self._task("refresh"))
            self.site.server.clock = moments[-1]
            for _ in range(pairs):
                self._both(moments[-1])
            for source in SOURCES:
                self._ingest(source, moments[-1])
            for name in ("retry", "refresh"):
                self._do(self._task(name))
            return state_of(self.site), self.tally

    def _both(self, moment: datetime) -> None:
        names = [f"ingest {source}" for source in SOURCES] + ["retry", "refresh", "close", "maintenance"]
        picked = [self.chance.choice(names) for _ in range(2)]
        tasks = [self._task(*name.split(), known_at=moment) for name in picked]
        first = Running(tasks[0], self.log)
        first.ended_within(self.chance.random() * self.took.get(tasks[0].name, 2.0))
        second = Running(tasks[1], self.log)
        self.tally.faults[OVERLAP] += 1
        for running in (first, second):
            self._judge(running.task, *running.result(HANG_SECONDS), what=f"{OVERLAP}: {' + '.join(picked)}")

    @property
    def log(self) -> Path:
        """What the processes print."""
        return self.place.home / "log"

    def _task(self, name: str, source: str = "", **more: Any) -> Task:
        begin = self.place.world.begin.isoformat()
        return Task(name, self.environment, source, period=self.period, begin=begin, **more)

    def _ingest(self, source: str, moment: datetime) -> None:
        """A run of a source to its end: a step that fails is tried again, as Airflow does; then comes the next run."""
        for _ in range(TRIES):
            kind, extract_id = self._do(self._task(OPEN, source, known_at=moment))
            for step in STEPS[1:]:
                if kind != "done":
                    break
                kind, _ = self._do(self._task(step, source, known_at=moment, extract_id=extract_id))
            if kind == "done":
                return
        self.tally.findings.append(f"{source} at {moment}: {TRIES} runs failed, one after the other")

    def _do(self, task: Task) -> tuple[str, Any]:
        """One task: sometimes disturbed, then undisturbed, and once more if it fails."""
        while self.chance.random() < self.share and time.monotonic() < self.until:
            if self._disturb(task) == "done" and task.name == OPEN:
                break  # opened, and nobody knows its number: the next one takes its place
        for _ in range(2):
            started = time.monotonic()
            kind, value = Running(task, self.log).result(HANG_SECONDS)
            self.tally.runs += 1
            if kind == "done":
                self.took.setdefault(task.name, time.monotonic() - started)
            kind = self._judge(task, kind, value)
            if kind == "done":
                break
        return kind, value

    def _judge(self, task: Task, kind: str, value: Any, what: str = "") -> str:
        """Whether the task is done; what must not be is kept. A task that was done before it was killed says so when it is tried again."""
        if kind in ("crashed", "hung"):
            self.tally.findings.append(f"{kind}: {task.name} {task.source} {what}: {str(value)[-900:]}")
        is_over = kind == "told" and ("there is nothing to" in value or "is published (edition" in value) and "is blocked" not in value
        if kind == "told" and not is_over:
            self.tally.outcomes["refused with a message"] += 1
        if kind == "told" and what in (SMALL_FILES, FULL_LANDING) and "/landing/" not in value:
            self.tally.findings.append(f"{what}: the message does not name the file: {value}")
        return "done" if is_over else kind

    def _disturb(self, task: Task) -> str:
        kinds: list[str] = [KILL, KILL, KILL, KILL_BACKEND, KILL_SERVER, CLOCK]
        if task.name == EXTRACT:
            kinds += [SMALL_FILES, FULL_LANDING]
        if task.name in (STAGE, VALIDATE, LOAD, "refresh", "close", "retry") and self.place.small_disk is not None:
            kinds += [FULL_DATABASE, FULL_DATABASE]
        if task.name != OPEN and self.place.log_disk is not None:
            kinds += [FULL_LOG, FULL_LOG]
        kind = self.chance.choice(kinds)
        self.place.await_server()
        how: dict[str, Callable[[Task], tuple[str, Any] | None]] = {
            KILL: self._kill_task,
            KILL_BACKEND: self._kill_backend,
            KILL_SERVER: self._kill_server,
            SMALL_FILES: self._small_files,
            FULL_LANDING: self._full_landing,
            FULL_DATABASE: self._full_database,
            FULL_LOG: self._full_log,
            CLOCK: self._clock,
        }
        found = how[kind](task)
        if found is None:
            return "undisturbed"
        self.tally.faults[f"{kind}, {task.name}"] += 1
        self.tally.runs += 1
        self.tally.outcomes[f"the task was {found[0]}"] += 1
        return self._judge(task, *found, what=kind)

    def _strike(self, task: Task) -> Running | None:
        """Start a task and wait for a moment within it; None if it has ended by then."""
        running = Running(task, self.log)
        if running.ended_within(self.chance.random() * self.took.get(task.name, 0.5)):
            self._judge(task, *running.result(HANG_SECONDS))
            return None
        return running

    def _kill_task(self, task: Task) -> tuple[str, Any] | None:
        running = self._strike(task)
        if running is None:
            return None
        running.kill()
        return running.result(0.5) if running.process.exitcode == 0 else ("killed", None)

    def _kill_backend(self, task: Task) -> tuple[str, Any] | None:
        running = self._strike(task)
        if running is None:
            return None
        is_struck = self.place.kill_backend(str(engine(self.site.settings).url.database))
        return self._after_server(running) if is_struck else self._after_server(running) and None

    def _kill_server(self, task: Task) -> tuple[str, Any] | None:
        running = self._strike(task)
        if running is None:
            return None
        self.place.kill_server()
        return self._after_server(running)

    def _after_server(self, running: Running) -> tuple[str, Any]:
        found = running.result(HANG_SECONDS)
        engine(self.site.settings).dispose()
        return found

    def _small_files(self, task: Task) -> tuple[str, Any]:
        limited = Task(**{**vars(task), "file_bytes": self.chance.choice((0, 10, 100, 500, 2000))})
        return Running(limited, Path("/dev/null")).result(HANG_SECONDS)

    def _full_landing(self, task: Task) -> tuple[str, Any] | None:
        landing = self.site.settings.home / "landing"
        if not mount(landing, self.chance.choice(("4k", "8k", "12k", "16k"))):
            return None
        try:
            return Running(task, self.log).result(HANG_SECONDS)
        finally:
            unmount(landing)

    def _full_database(self, task: Task) -> tuple[str, Any]:
        with self.place.full_disk(self.chance.choice((0, 8, 64, 256, 1024)) * 1024):
            return Running(task, self.log).result(HANG_SECONDS)

    def _full_log(self, task: Task) -> tuple[str, Any]:
        with self.place.full_log(self.chance.choice((0, 0, 256, 1024, 4096)) * 1024):
            return self._after_server(Running(task, self.log))

    def _clock(self, task: Task) -> tuple[str, Any]:
        ahead = timedelta(days=self.chance.choice((-400, -1, -1 / 24, 1 / 24, 1, 400)))
        return Running(Task(**{**vars(task), "clock": ahead}), self.log).result(HANG_SECONDS)


__all__ = ["OVERLAP", "ProcessRound", "SourceRound", "Tally", "undisturbed_core"]
