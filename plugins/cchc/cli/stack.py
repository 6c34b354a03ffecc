"""`cchc up`, `down`, `status` and `demo`: what they do and what they print. Each returns the exit code; errors are cchc.errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import requests

from cchc.embedded import stack
from cchc.embedded.airflow_api import Run
from cchc.errors import CchcError, WrongUse
from cchc.settings import PROJECT, Settings
from cchc.warehouse import embedded as postgres

INGEST_DAGS = ("ingest_one_stop", "ingest_documents", "ingest_payments", "ingest_feedback", "ingest_survey", "ingest_declared")
REFRESH_DAG = "refresh_indicators"
DEMO_PERIOD = "2023-12"
SOURCES = "demo-sources"
SOURCES_PORT = 8765
SOURCES_SECONDS = 180
PARSE_SECONDS = 90
RUN_SECONDS = 1800


def up(settings: Settings) -> int:
    """Start PostgreSQL and Airflow for the real sources and print where to log in. A second call only prints."""
    running = stack.up(settings, prepare=lambda: _prepare_warehouse(settings), say=_say)
    _say("is running" if running.started_now else "was running already")
    _print_login(settings, running)
    if not stack.runs_beside(settings, SOURCES) and not any(name.startswith("AIRFLOW_CONN_SRC_") for name in os.environ):
        print("Next: give Airflow the connections src_<source> (Admin, Connections), then switch the ingest DAGs on.")
    if _demo_state(settings).exists():
        print(f"Note: {settings.home} holds the made-up district of `make demo`. For real sources set CCHC_HOME to another folder.")
    return 0


def down(settings: Settings) -> int:
    """Stop everything that `up` or `demo` started under this CCHC_HOME."""
    stack.down(settings)
    print("Stopped. The data stay in " + str(settings.home))
    return 0


def status(settings: Settings) -> int:
    """Print what runs. The exit code is 0 if the whole stack is up, else 1."""
    parts = stack.status(settings)
    for name, state in parts.items():
        print(f"{name:<15} {state}")
    running = stack.running_stack(settings)
    if running:
        _print_login(settings, running)
    return 0 if running else 1


def demo(settings: Settings, once: bool = False, scale: float | None = None) -> int:
    """Load the demo district through real DAG runs and print its scorecard.

    With `once` everything is stopped at the end, whatever happened. `scale` is the size of a new district as a share of the
    full one. Raises CchcError with the end of the failed task's log if a run fails; without `once` Airflow then stays up, to
    be looked at.
    """
    try:
        running = _up_with_demo_sources(settings, scale)
        _load(settings, running)
        _print_scorecard()
        if not once:
            _print_login(settings, running)
            print("`make down` stops it.")
        return 0
    finally:
        if once:
            _say("stopping")
            stack.down(settings)


# --- the demo's steps ------------------------------------------------------------------------------------------------


def _up_with_demo_sources(settings: Settings, scale: float | None) -> stack.Stack:
    if stack.is_up(settings) and not stack.runs_beside(settings, SOURCES):
        raise WrongUse(
            f"Airflow of {settings.home} runs without the demo's sources. Run `make down` first, or set CCHC_HOME to another folder."
        )

    def prepare() -> Mapping[str, str]:
        _say("starting the demo's source systems")
        port = postgres.free_port(SOURCES_PORT)
        options = ["--port", str(port), *(["--scale", str(scale)] if scale is not None else [])]
        stack.start_beside(settings, SOURCES, [*_demo_command(settings, "serve"), *options], _demo_environment())
        _prepare_warehouse(settings)
        # the district is still being made up while Airflow starts; its clock is not ours, so nothing may run by ours
        return {**_demo_connections(settings, port), "CCHC_SCHEDULE": "off"}

    running = stack.up(settings, prepare=prepare, say=_say)
    _say(f"Airflow is healthy at {running.url}")
    return running


def _load(settings: Settings, running: stack.Stack) -> None:
    """Trigger the ingests, wait for them and for the refreshes that they cause. Raises CchcError if one of them failed."""
    with running.api() as api:
        api.wait_for_dags([*INGEST_DAGS, REFRESH_DAG], PARSE_SECONDS)
        broken = api.import_errors()
        if broken:
            raise CchcError(
                "Airflow cannot import " + ", ".join(f"{file}: {trace.strip().splitlines()[-1]}" for file, trace in broken.items())
            )
        for dag_id in (*INGEST_DAGS, REFRESH_DAG):
            api.set_paused(dag_id, False)
        until = _demo_clock(settings)
        _say(f"loading everything known until {until}")
        known = [run.run_id for run in api.runs(REFRESH_DAG)]
        triggered = [api.trigger(dag_id, {"from": None, "to": until}) for dag_id in INGEST_DAGS]
        ingested = api.wait(triggered, RUN_SECONDS, _say_run)
        _say("recomputing the months that the loads touched")
        caused = api.wait_for_partitions(REFRESH_DAG, known, RUN_SECONDS, _Counter(REFRESH_DAG))
        failed = [run for run in (*ingested, *caused) if run.state != "success"]
        if failed:
            raise CchcError(
                "\n\n".join([f"{len(failed)} of {len(ingested) + len(caused)} DAG runs failed.", *map(api.explain_failure, failed[:3])])
            )
        _say(f"{len(ingested) + len(caused)} DAG runs, all green")


def _prepare_warehouse(settings: Settings) -> Mapping[str, str]:
    """Bring the warehouse's tables and reference lists up to date, as `cchc init` does."""
    from cchc.cli import main as cli

    if cli.main(["init"]) != 0:
        raise CchcError("The warehouse could not be prepared: see above.")
    return {}


def _print_scorecard() -> None:
    from cchc.cli import main as cli

    print(flush=True)
    if cli.main(["scorecard", DEMO_PERIOD]) != 0:
        raise CchcError(f"The scorecard of {DEMO_PERIOD} could not be printed: see above.")


def _demo_state(settings: Settings) -> Path:
    return settings.home / "demo"


def _demo_command(settings: Settings, command: str) -> list[str]:
    return [sys.executable, "-m", "demo", command, "--state", str(_demo_state(settings))]


def _demo_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def _demo_connections(settings: Settings, port: int) -> dict[str, str]:
    """The variables of the environment that tell Airflow where the demo's sources are and how to log in there."""
    command = [*_demo_command(settings, "connections"), "--port", str(port)]
    end = time.monotonic() + SOURCES_SECONDS
    while True:
        answer = subprocess.run(command, env=_demo_environment(), capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return {str(name): str(value) for name, value in json.loads(answer.stdout).items()}
        _require_sources(settings, end, answer.stderr.strip()[-500:])
        time.sleep(0.3)


def _demo_clock(settings: Settings) -> str:
    """The demo's present time, once its sources answer."""
    end = time.monotonic() + SOURCES_SECONDS
    with requests.Session() as session:
        session.trust_env = False  # no proxy between us and our own machine
        while True:
            try:
                port = json.loads((_demo_state(settings) / "server.json").read_text())["port"]
                return str(session.get(f"http://127.0.0.1:{port}/health", timeout=60).json()["clock"])
            except (OSError, ValueError, KeyError) as error:  # requests' errors are OSErrors
                _require_sources(settings, end, str(error))
            time.sleep(0.3)


def _require_sources(settings: Settings, end: float, said: str) -> None:
    """Raises CchcError if the demo's sources have died, or are not there at the time `end`."""
    if stack.runs_beside(settings, SOURCES) and time.monotonic() < end:
        return
    log = stack.log_of(settings, SOURCES)
    raise CchcError(f"The demo's source systems do not start: {said}\nThe end of {log}:\n{stack.tail(log)}")


# --- what a person reads ---------------------------------------------------------------------------------------------

_started = time.monotonic()


def _say(what: str) -> None:
    print(f"[{time.monotonic() - _started:5.0f} s] {what}", flush=True)


def _say_run(run: Run) -> None:
    _say(f"{run.dag_id} {run.partition_key or ''} {run.state}".replace("  ", " "))


class _Counter:
    """Says how many runs of a DAG are done, every ten, and each one that failed."""

    def __init__(self, dag_id: str) -> None:
        self._dag_id, self._count = dag_id, 0

    def __call__(self, run: Run) -> None:
        self._count += 1
        if run.state != "success":
            _say_run(run)
        if self._count % 10 == 0:
            _say(f"{self._dag_id}: {self._count} runs done")


def _print_login(settings: Settings, running: stack.Stack) -> None:
    print(f"\nAirflow:  {running.url}\nLog in:   user {running.user}, password {running.password}\nState:    {settings.home}", flush=True)
