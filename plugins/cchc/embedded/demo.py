"""The demo district, loaded through real DAG runs of the embedded Airflow: its source systems, the ingests, the refreshes they cause.

Nothing is printed here. Progress is passed to the caller's function `say`, one line at a time; a failure is raised as CchcError.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import requests
from sqlalchemy import Engine

from cchc.embedded import stack
from cchc.embedded.airflow_api import Run
from cchc.errors import CchcError, WrongUse
from cchc.files import tail
from cchc.reference.dirty_months import dirty_months
from cchc.settings import PROJECT, Settings
from cchc.sources.connection import variable
from cchc.sources.profile import list_profiles
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine

REFRESH_DAG = "refresh_indicators"
PERIOD = "2023-12"  # the last month of the made-up year
SOURCES = "demo-sources"
SOURCES_PORT = 8765
SOURCES_SECONDS = 180
PARSE_SECONDS = 90
RUN_SECONDS = 1800

Say = Callable[[str], None]


def load(settings: Settings, prepare: Callable[[], None], say: Say) -> stack.Stack:
    """Start PostgreSQL, the demo's sources and Airflow, and load everything that the demo's sources have; the running stack.

    `prepare` prepares the warehouse after PostgreSQL has started and before Airflow starts; it is not called where Airflow runs already.
    Raises WrongUse where Airflow runs without the demo's sources, and CchcError with the end of the failed task's log if a run fails.
    Airflow then continues to run, so that a person can look at it.
    """
    running = _up_with_sources(settings, prepare, say)
    _load(settings, running, say)
    return running


def is_demo(settings: Settings) -> bool:
    """Whether this CCHC_HOME holds the made-up district."""
    return _state(settings).exists()


def serves(settings: Settings) -> bool:
    """Whether the demo's source systems run beside Airflow."""
    return stack.runs_beside(settings, SOURCES)


def variables(settings: Settings) -> dict[str, str]:
    """The connections to the demo's source systems as variables of the environment; empty where these do not run."""
    return _connections(settings) if serves(settings) else {}


def _up_with_sources(settings: Settings, prepare: Callable[[], None], say: Say) -> stack.Stack:
    if stack.is_up(settings) and not serves(settings):
        raise WrongUse(
            f"Airflow of {settings.home} runs without the demo's sources. Run `make down` first, or set CCHC_HOME to another folder."
        )

    def start_sources() -> Mapping[str, str]:
        say("starting the demo's source systems")
        port = postgres.free_port(SOURCES_PORT)
        stack.start_beside(settings, SOURCES, [*_command(settings, "serve"), "--port", str(port)], _environment())
        prepare()
        # The data of the district are still being generated while Airflow starts. The demo has a time of its own, so no schedule may start
        # a run by the time of this machine.
        return {**_connections(settings, port), "CCHC_SCHEDULE": "off"}

    running = stack.up(settings, prepare=start_sources, say=say)
    say(f"Airflow is healthy at {running.url}")
    return running


def _load(settings: Settings, running: stack.Stack, say: Say) -> None:
    """Trigger the ingests, wait for them and for the refreshes that they cause. Raises CchcError if one of them failed."""
    until, warehouse = _clock(settings), engine(settings)
    ingests = _ingest_dags(settings)
    with running.api() as api:
        api.wait_for_dags([*ingests, REFRESH_DAG], PARSE_SECONDS)
        broken = api.import_errors()
        if broken:
            raise CchcError(
                "Airflow cannot import " + ", ".join(f"{file}: {trace.strip().splitlines()[-1]}" for file, trace in broken.items())
            )
        for dag_id in (*ingests, REFRESH_DAG):
            api.set_paused(dag_id, False)
        say(f"loading everything known until {until}")
        known = [run.run_id for run in api.runs(REFRESH_DAG)]
        if _marked(warehouse):  # changed reference data mark months and cause no run
            api.trigger(REFRESH_DAG)
        triggered = [api.trigger(dag_id, {"from": None, "to": until}) for dag_id in ingests]
        ingested = api.wait(triggered, RUN_SECONDS, lambda run: _say_run(run, say))
        say("recomputing the months that the loads touched")
        caused = api.wait_for_partitions(REFRESH_DAG, known, lambda: _marked(warehouse), RUN_SECONDS, _Counter(REFRESH_DAG, say))
        failed = [run for run in (*ingested, *caused) if run.state != "success"]
        if failed:
            raise CchcError(
                "\n\n".join([f"{len(failed)} of {len(ingested) + len(caused)} DAG runs failed.", *map(api.explain_failure, failed[:3])])
            )
        say(f"{len(ingested) + len(caused)} DAG runs, all green")


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


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def _connections(settings: Settings, port: int | None = None) -> dict[str, str]:
    """The variables of the environment that tell Airflow where the demo's sources are and how to log in there.

    `port`: where the sources answer or will answer; default: the port of the running server.
    """
    command = [*_command(settings, "connections"), *(["--port", str(port)] if port is not None else [])]

    def ask() -> str:
        answer = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
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
    """Says how many runs of a DAG are done, every ten, and each one that failed."""

    def __init__(self, dag_id: str, say: Say) -> None:
        self._dag_id, self._say, self._count = dag_id, say, 0

    def __call__(self, run: Run) -> None:
        self._count += 1
        if run.state != "success":
            _say_run(run, self._say)
        if self._count % 10 == 0:
            self._say(f"{self._dag_id}: {self._count} runs done")
