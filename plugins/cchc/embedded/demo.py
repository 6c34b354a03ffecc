"""The demo district, loaded through real DAG runs of the embedded Airflow: its source systems, the ingests, the refreshes they cause.

Nothing is printed here. Progress is passed to the caller's function `say`, one line at a time; a failure is raised as CchcError.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine

from cchc.embedded import stack
from cchc.embedded.airflow_api import AirflowApi, Run
from cchc.embedded.stack import REFRESH_DAG
from cchc.errors import CchcError, WrongUse
from cchc.files import tail
from cchc.period import parse_moment
from cchc.reference.dirty_months import dirty_months
from cchc.settings import PROJECT, Settings
from cchc.sources.connection import variable
from cchc.sources.profile import list_profiles
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine

BLOCKED_FILES = "confirm"  # the task of an ingest that fails where files were blocked, after all others were loaded
YEAR = 2023  # the made-up year, where district.json names no other one
SOURCES = "demo-sources"
SOURCES_PORT = 8765
SOURCES_SECONDS = 180
PARSE_SECONDS = 90
RUN_SECONDS = 1800

Say = Callable[[str], None]


def load(
    settings: Settings,
    prepare: Callable[[], None],
    say: Say,
    ready: Callable[[stack.Stack], None] = lambda running: None,
    scale: float | None = None,
) -> stack.Stack:
    """Start PostgreSQL, the demo's sources and Airflow, and load everything that the demo's sources have; the running stack.

    `prepare` prepares the warehouse after PostgreSQL has started and before Airflow starts; it is not called where Airflow runs already.
    `ready` is called when Airflow is healthy, before anything is loaded. `scale`: the size of a new district, as a share of the real one.
    A run is red where files are blocked, as some of the demo's must be; that is told, and the other files are loaded. Raises WrongUse where
    Airflow runs without the demo's sources or the district has another scale, and CchcError with the reason if a run fails in any other
    way. Airflow then continues to run, so that a person can look at it.
    """
    _require_scale(settings, scale)
    running = _up_with_sources(settings, prepare, say, scale)
    ready(running)
    _load(settings, running, say)
    return running


def _require_scale(settings: Settings, scale: float | None) -> None:
    """Raise WrongUse if there is a district of another scale."""
    made = _made(settings).get("scale", scale)
    if scale is not None and made != scale:
        raise WrongUse(
            f"{settings.home} holds a district of scale {made:g}, not {scale:g}. Set CCHC_HOME to another folder for another district, "
            f"or `make down` and remove {settings.home}"
        )


def period(settings: Settings) -> str:
    """The month whose scorecard is shown: the last one that is over by the demo's clock, at most the last one of the made-up year."""
    return last_month(_clock(settings), _made(settings).get("year", YEAR))


def last_month(clock: str, year: int = YEAR) -> str:
    """The last month (YYYY-MM) that is over at a time of the demo (ISO 8601), at most the last one of its made-up year."""
    over = parse_moment(clock).replace(day=1) - timedelta(days=1)
    return min(f"{over:%Y-%m}", f"{year}-12")


def _made(settings: Settings) -> dict[str, Any]:
    """What the demo's folder says of the district in it; empty before there is one. `year`: of another authority than Vĩnh Cửu alone."""
    path = _state(settings) / "district.json"
    made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return made


def is_demo(settings: Settings) -> bool:
    """Whether this CCHC_HOME holds the made-up district."""
    return _state(settings).exists()


def serves(settings: Settings) -> bool:
    """Whether the demo's source systems run beside Airflow."""
    return stack.runs_beside(settings, SOURCES)


def variables(settings: Settings) -> dict[str, str]:
    """The connections to the demo's source systems as variables of the environment; empty where these do not run."""
    return _connections(settings) if serves(settings) else {}


def _up_with_sources(settings: Settings, prepare: Callable[[], None], say: Say, scale: float | None) -> stack.Stack:
    if stack.is_up(settings) and not serves(settings):
        raise WrongUse(
            f"Airflow of {settings.home} runs without the demo's sources. Run `make down` first, or set CCHC_HOME to another folder."
        )

    def start_sources() -> Mapping[str, str]:
        say("starting the demo's source systems")
        port = postgres.free_port(SOURCES_PORT)
        serve = [*_command(settings, "serve"), "--port", str(port), *(["--scale", str(scale)] if scale is not None else [])]
        stack.start_beside(settings, SOURCES, serve, _environment(settings))
        prepare()
        # The data of the district are still being generated while Airflow starts. The demo has a time of its own, so no schedule may start
        # a run by the time of this machine.
        return {**_connections(settings, port), "CCHC_SCHEDULE": "off"}

    running = stack.up(settings, prepare=start_sources, say=say)
    say("Airflow is healthy" if running.started_now else "Airflow was running already")
    return running


def _load(settings: Settings, running: stack.Stack, say: Say) -> None:
    """Trigger the ingests, wait for them and for the refreshes that they cause. Raises CchcError as `_tell_failures` does."""
    until, warehouse = _clock(settings), engine(settings)
    ingests = _ingest_dags(settings)
    with running.api() as api:
        api.wait_for_dags([*ingests, REFRESH_DAG], PARSE_SECONDS)
        broken = api.import_errors()
        if broken:
            raise CchcError(
                "Airflow cannot import " + ", ".join(f"{file}: {trace.strip().splitlines()[-1]}" for file, trace in broken.items())
            )
        for dag_id in api.dag_ids():
            api.set_paused(dag_id, False)  # none goes by the clock in the demo, and a run of a paused DAG would wait for ever
        say(f"loading everything known until {until}: {len(ingests)} sources, each extract >> stage >> validate >> load")
        known = [run.run_id for run in api.runs(REFRESH_DAG)]
        if _marked(warehouse):  # changed reference data mark months and cause no run
            api.trigger(REFRESH_DAG)
        triggered = [api.trigger(dag_id, {"from": None, "to": until}) for dag_id in ingests]
        ingested = api.wait(triggered, RUN_SECONDS, lambda run: _say_run(run, say), say)
        say(f"recomputing the months that the loads touched; {len(_marked(warehouse))} wait")
        counter = _Counter(say, lambda: len(_marked(warehouse)))
        caused = api.wait_for_partitions(REFRESH_DAG, known, lambda: _marked(warehouse), RUN_SECONDS, counter)
        _tell_failures(api, [*ingested, *caused], say)


def _tell_failures(api: AirflowApi, runs: list[Run], say: Say) -> None:
    """Say how the runs ended, and of each that is red because files were blocked which and why.

    Raises CchcError with the reasons if a run failed in any other way.
    """
    red = [run for run in runs if run.state != "success"]
    blocked = [run for run in red if (task := api.failed_task(run)) is not None and task.task_id == BLOCKED_FILES]
    failed = [run for run in red if run not in blocked]
    if failed:
        raise CchcError("\n".join([f"{len(failed)} of {len(runs)} DAG runs failed.", *map(api.explain_failure, failed[:3])]))
    for run in blocked:
        say(f"{run.dag_id} is red, as it should be: the district sends damaged files, and these are blocked. All others are loaded.")
        say(api.explain_failure(run))
    say(f"{len(runs) - len(blocked)} of {len(runs)} DAG runs are green" if blocked else f"{len(runs)} DAG runs, all green")


def _marked(warehouse: Engine) -> set[str]:
    """The months (YYYY-MM) that wait for a refresh: ops.dirty_month decides that, whatever runs Airflow has."""
    with warehouse.connect() as connection:
        return {month for months in dirty_months(connection).values() for month in months}


def _ingest_dags(settings: Settings) -> list[str]:
    """The ingest DAGs of the sources that have a profile and are served by the demo: a real source's profile has nothing to load here."""
    served = _connections(settings)
    return [f"ingest_{source}" for source in list_profiles(settings.sources_dir) if variable(source) in served]


# --- the demo's source systems ---------------------------------------------------------------------------------------


def _state(settings: Settings) -> Path:
    return settings.home / "demo"


def _command(settings: Settings, command: str) -> list[str]:
    return [sys.executable, "-m", "demo", command, "--state", str(_state(settings))]


def _environment(settings: Settings) -> dict[str, str]:
    path = os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "CCHC_AUTHORITY": str(settings.authority_dir)}


def _connections(settings: Settings, port: int | None = None) -> dict[str, str]:
    """The variables of the environment that tell Airflow where the demo's sources are and how to log in there.

    `port`: where the sources answer or will answer; default: the port of the running server.
    """
    command = [*_command(settings, "connections"), *(["--port", str(port)] if port is not None else [])]

    def ask() -> str:
        answer = subprocess.run(command, env=_environment(settings), capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise _NotReady(answer.stderr.strip()[-500:])
        return answer.stdout

    return {str(name): str(value) for name, value in json.loads(_ask_sources(settings, ask)).items()}


def _clock(settings: Settings) -> str:
    """The current time of the demo (ISO 8601), read from its sources as soon as they answer."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy: the sources are on this machine

        def ask() -> str:
            try:
                port = json.loads((_state(settings) / "server.json").read_text())["port"]
                return str(session.get(f"http://127.0.0.1:{port}/health", timeout=60).json()["clock"])
            except (OSError, ValueError, KeyError) as error:  # requests' errors are OSErrors
                raise _NotReady(str(error)) from error

        return _ask_sources(settings, ask)


class _NotReady(Exception):
    """The demo's sources do not answer yet; the message is what they said instead."""


def _ask_sources(settings: Settings, ask: Callable[[], str]) -> str:
    """The first answer of the demo's sources, while they start. Raises CchcError if they have died, or have not answered in time."""
    log = stack.log_of(settings, SOURCES)
    said = ""

    def answer() -> str | None:
        nonlocal said
        try:
            return ask()
        except _NotReady as refused:
            said = str(refused)
        if not serves(settings):
            raise CchcError(f"The demo's source systems do not start: {said}\nThe end of {log}:\n{tail(log)}")
        return None

    found = wait_until(answer, SOURCES_SECONDS, 0.3)
    if found is None:
        raise CchcError(f"The demo's source systems do not answer after {SOURCES_SECONDS} s: {said}\nThe end of {log}:\n{tail(log)}")
    return found


# --- progress --------------------------------------------------------------------------------------------------------


def _say_run(run: Run, say: Say) -> None:
    say(f"{run.dag_id} {run.partition_key or ''} {run.state}".replace("  ", " "))


class _Counter:
    """Says every five refreshes how many are done and how many months wait, and each refresh that failed."""

    def __init__(self, say: Say, left: Callable[[], int]) -> None:
        self._say, self._left, self._count = say, left, 0

    def __call__(self, run: Run) -> None:
        self._count += 1
        if run.state != "success":
            _say_run(run, self._say)
        if self._count % 5 == 0:
            self._say(f"{self._count} months are recomputed, {self._left()} wait")
