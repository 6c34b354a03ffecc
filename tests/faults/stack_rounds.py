"""Faults while a real Airflow runs: its processes, its tasks, PostgreSQL and what an operator does, at drawn moments of DAG runs.

At each moment of a world all sources are ingested by DAG runs, and something goes wrong within or between two of their tasks. Then things go
on as in an installation: what `cchc doctor` calls dead is started again by `cchc up`, Airflow tries its tasks again, a run that has failed is
followed by the next one. In the end of each moment every row is compared with a warehouse that nothing has disturbed.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import psycopg
import requests

from cchc.embedded.airflow_api import FINISHED, Run
from cchc.embedded.keeper import POSTGRESQL
from cchc.embedded.stack import METADATA_DATABASE, REFRESH_DAG
from cchc.errors import CchcError, SourceUnavailable
from cchc.waiting import wait_until
from cchc.warehouse.url import DATABASE
from tests.faults.real_stack import RealStack, kill
from tests.faults.rounds import State, Tally
from tests.oracle.world import World
from tests.support.table_rows import differing

TASKS = ("open_window", "extract", "stage", "validate", "load", "confirm")
STRUCK_SECONDS = 120
SETTLE_SECONDS = 420
KEPT_SECONDS = 90
AGAIN = " again"
TRIES = 3
SCHEDULER, DAG_PROCESSOR, TRIGGERER, API = (f"kill -9 of the {name}" for name in ("scheduler", "dag-processor", "triggerer", "api-server"))
TASK, SUPERVISOR = "kill -9 of the task", "kill -9 of the task's supervisor"
IDLE = "kill -9 of the idle workers of the executor"
BACKEND, METADATA_BACKEND = "kill -9 of a PostgreSQL process of the warehouse", "kill -9 of a PostgreSQL process of the metadata"
SERVER, AWAY = "kill -9 of PostgreSQL and all its processes", "the metadata database is away for half a minute"
CLEARED, TWICE, PAUSED = "the run is cleared in the middle", "two runs of one DAG at once", "the DAG is paused in the middle"
KINDS = (SCHEDULER, DAG_PROCESSOR, TRIGGERER, API, TASK, SUPERVISOR, IDLE, BACKEND, METADATA_BACKEND, SERVER, AWAY, CLEARED, TWICE, PAUSED)
COMPONENT_KINDS = (SCHEDULER, DAG_PROCESSOR, TRIGGERER, API)


def moments_of(world: World, faults: int) -> list[datetime]:
    """So many moments, and one before them that nothing disturbs, in equal steps to the last one of the world."""
    first, last = world.ts[0] - timedelta(days=60), world.ts[-1]
    return [first + (last - first) * number / faults for number in range(faults + 1)]


class StackRounds:
    """What goes wrong in a running stack. `say`: each line of what happens."""

    def __init__(self, real: RealStack, chance: random.Random, say: Callable[[str], None] = lambda _: None) -> None:
        self.real, self.chance, self.say = real, chance, say
        self.tally = Tally()

    def begin(self) -> None:
        """Airflow runs, and its DAGs are switched on."""
        self.real.up()
        with self.real.api() as api:
            api.wait_for_dags(self.real.dags(), 120)
            for dag_id in self.real.dags():
                api.set_paused(dag_id, False)

    def run(self, moments: list[datetime], expected: list[State], kinds: Sequence[str], until: float = float("inf")) -> Tally:
        """The first moment undisturbed, then a fault at each, of these kinds by turns, at a drawn task of a drawn source."""
        self.begin()
        for number, (moment, rows) in enumerate(zip(moments, expected, strict=True)):
            if time.monotonic() > until:
                break
            kind = kinds[(number - 1) % len(kinds)] if number else None
            within = kind in (TASK, SUPERVISOR) or self.chance.random() < 0.5
            self.moment(moment, rows, kind, self.chance.choice(self.real.sources), self.chance.choice(TASKS[:-1]), within)
        return self.tally

    def moment(self, moment: datetime, expected: State, kind: str | None, source: str, task: str, within: bool) -> None:
        """All sources at one moment; `kind` goes wrong at a task of `source`: while it runs, or when it has succeeded."""
        started = time.monotonic()
        self.real.server.clock = moment
        what = (
            f"{kind} {'within' if within else 'after'} {task} of {source} at {moment:%Y-%m-%d}" if kind else f"nothing at {moment:%Y-%m-%d}"
        )
        self.say(what)
        with self.real.api() as api:
            self.api = api
            self.known = [run.run_id for run in api.runs(REFRESH_DAG)]
            self.runs = {name: self.trigger(name, moment) for name in self.real.sources}
            if kind is not None:
                self._strike(kind, source, task, within, moment, what)
            self._settle(moment, what)
            self._refreshed(what)
            found = self.real.state()
        self.tally.rows += sum(len(rows) for rows in found.values())
        for table, rows in differing(expected, found).items():
            self.finding(f"difference: {what}: {table}: {rows[:2]}")
        self.say(f"  done after {time.monotonic() - started:.0f} s")

    def finding(self, text: str) -> None:
        """What must not be."""
        self.say(f"  FINDING {text}")
        self.tally.findings.append(text)

    def trigger(self, source: str, moment: datetime) -> Run:
        """The next run of a source."""
        self.tally.runs += 1
        return self.api.trigger(f"ingest_{source}", {"from": None, "to": moment.isoformat()})

    # ------------------------------------------------------------ the fault
    def _strike(self, kind: str, source: str, task: str, within: bool, moment: datetime, what: str) -> None:
        run = self.runs[source]
        if not self._await(run, task, within):
            self.finding(f"hung: {what}: the task was never reached: {self._where()}")
            return
        time.sleep(self.chance.random() * (0.6 if within else 0.3))
        if kind in COMPONENT_KINDS:
            is_struck = self._kill_component(kind.rpartition(" ")[2], what)
        elif kind in (TASK, SUPERVISOR, IDLE):
            is_struck = self._kill_worker(kind, run)
        elif kind in (BACKEND, METADATA_BACKEND):
            is_struck = self.real.kill_backend(DATABASE if kind == BACKEND else METADATA_DATABASE)
        elif kind in (SERVER, AWAY):
            is_struck = self._kill_postgres(30.0 if kind == AWAY else 0.0, what)
        else:
            is_struck = self._operate(kind, run, source, moment)
        if is_struck:
            self.tally.faults[kind] += 1
        else:
            self.tally.outcomes["came too late"] += 1

    def _kill_component(self, name: str, what: str) -> bool:
        self.real.kill_component(name)
        time.sleep(self.chance.choice((0.0, 1.0, 10.0)))
        told = self.real.told()
        if not any(name in text for text in told):
            self.finding(f"silence: {what}: doctor says {told}")
        return True

    def _kill_worker(self, kind: str, run: Run) -> bool:
        if kind == IDLE:
            kill([worker for worker in self.real.processes.alive()["scheduler"].children() if not worker.children()])
            return True
        processes = self.real.task_processes([run.dag_id])
        parent = processes[-1].parent() if processes else None
        if parent is None:
            return False
        kill([processes[-1] if kind == TASK else parent])
        return True

    def _kill_postgres(self, seconds: float, what: str) -> bool:
        with self.real.held_down():
            self.real.kill_postgres()
            told = self.real.told()
            if not any("PostgreSQL" in text for text in told):
                self.finding(f"silence: {what}: doctor says {told}")
            time.sleep(seconds)
        if not wait_until(lambda: POSTGRESQL not in self.real.dead(), KEPT_SECONDS, 0.5):
            self.finding(f"nobody starts PostgreSQL again: {what}")
            self.real.up()
        self.real.await_postgres()
        return True

    def _operate(self, kind: str, run: Run, source: str, moment: datetime) -> bool:
        """What an operator does."""
        if kind == CLEARED:
            body = {"dry_run": False, "dag_run_id": run.run_id, "only_failed": False, "reset_dag_runs": True}
            self.api._call("POST", f"/api/v2/dags/{run.dag_id}/clearTaskInstances", body)
        elif kind == TWICE:
            self.runs[source + AGAIN] = self.trigger(source, moment)
        else:
            self.api.set_paused(run.dag_id, True)
            time.sleep(15)
            self.api.set_paused(run.dag_id, False)
        return True

    def _await(self, run: Run, task: str, within: bool) -> bool:
        """Wait until the task runs, or has succeeded; or is beyond that."""
        states = ("running", "success", "failed") if within else ("success", "failed")
        statement = "select 1 from task_instance where dag_id = %s and run_id = %s and task_id = %s and state = any(%s)"
        return bool(wait_until(lambda: self.real.metadata(statement, [run.dag_id, run.run_id, task, list(states)]), STRUCK_SECONDS, 0.1))

    # ------------------------------------------------------------ what follows in an installation
    def _mend(self) -> None:
        """What has died is started again by the keeper; doctor tells of it meanwhile. Without the keeper it would stay dead."""
        dead = self.real.dead()
        if not dead:
            return
        told = self.real.told()
        self.say(f"  dead: {dead}, told: {told}")
        self.tally.outcomes[f"started again: {', '.join(dead)}"] += 1
        if not told and self.real.dead() == dead:
            self.finding(f"silence: {dead} are dead, and doctor says nothing")
        if not wait_until(lambda: not self.real.dead(), KEPT_SECONDS, 0.5):
            self.finding(f"nobody starts again what is dead: {self.real.dead()}")
            self.real.up()

    def _finished(self, run: Run) -> Run | None:
        with suppress(SourceUnavailable, requests.RequestException):
            found = self.api.run(run.dag_id, run.run_id)
            return found if found.state in FINISHED else None
        return None

    def _settle(self, moment: datetime, what: str) -> None:
        until, tries = time.monotonic() + SETTLE_SECONDS, Counter[str]()
        while self.runs:
            if time.monotonic() > until:
                self.finding(f"hung: {what}: {self._where()}")
                for run in self.runs.values():
                    self.api._call("PATCH", f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}", {"state": "failed"})
                return
            self._mend()
            for name, run in list(self.runs.items()):
                done = self._finished(run)
                if done is None:
                    continue
                del self.runs[name]
                self._judge(name, done, moment, what, tries)
            time.sleep(0.5)

    def _judge(self, name: str, run: Run, moment: datetime, what: str, tries: Counter[str]) -> None:
        if run.state == "success":
            self.tally.outcomes["success"] += 1
            return
        failed = self.api.failed_task(run)
        if failed is not None and failed.task_id == "confirm":
            self.tally.outcomes["files blocked, told by confirm"] += 1
            return
        reason = self.api.explain_failure(run)
        self.say(f"  {reason}")
        self.tally.outcomes["a run failed, the next one followed"] += 1
        if "its log has no error" in reason or "no task of it failed" in reason:
            self.finding(f"without a message: {what}: {reason}")
        tries[name] += 1
        if tries[name] > TRIES:
            self.finding(f"failed: {what}: {TRIES} runs after it failed, too: {reason}")
        else:
            self.runs[name] = self.trigger(name.removesuffix(AGAIN), moment)

    def _refreshed(self, what: str) -> None:
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            self._mend()
            try:
                self.api.wait_for_partitions(REFRESH_DAG, self.known, self.real.marked, 200)
                return
            except SourceUnavailable:
                time.sleep(1)
            except CchcError as error:
                self.finding(f"no refresh: {what}: {error}")
                self.known = [run.run_id for run in self.api.runs(REFRESH_DAG)]
                self.api.trigger(REFRESH_DAG)
        self.finding(f"hung: {what}: refresh")

    def _where(self) -> str:
        """Where the runs stand."""
        with suppress(psycopg.Error):
            rows = self.real.metadata(
                "select dag_id, task_id, state, try_number, pid, start_date, last_heartbeat_at from task_instance "
                "where state is not null and state not in ('success', 'failed', 'upstream_failed', 'skipped')"
            )
            runs = self.real.metadata("select dag_id, run_id, state from dag_run where state not in ('success', 'failed')")
            return f"{runs} {rows}"
        return "the metadata cannot be asked"


__all__ = ["KINDS", "StackRounds", "moments_of"]
