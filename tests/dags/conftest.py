"""One Airflow for the tests of the DAGs, and a small demo district that they load from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cchc.embedded.stack import airflow_environment, make_secrets
from cchc.settings import PROJECT, Settings
from cchc.warehouse import embedded as postgres
from demo.server import Demo
from tests.support.environment import environment
from tests.support.profiles import profiles_that_try_once


class Box:
    """Airflow in its own process (airflow_box.py)."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log

    def ask(self, do: str, **request: Any) -> Any:
        """One answer of the box."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do} | request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"Airflow ended: {self.log.read_text()[-3000:]}"
        reply = json.loads(line)
        assert "ok" in reply, reply.get("broken")
        return reply["ok"]

    def run(self, dag_id: str, conf: dict[str, Any] | None = None, skip: str | None = None, **variables: str) -> Any:
        """One run of a DAG, with these variables in its environment."""
        return self.ask("run", dag_id=dag_id, conf=conf or {}, environment=variables, skip=skip)

    def close(self, period: str, variables: dict[str, str], *, answer: dict[str, Any] | None, reference: Path) -> Any:
        """One run of close_month that does not wait for data. `answer`: of the person who is asked; None: nobody is expected to be."""
        conf = {"period": period, "wait_hours": 0}
        request = {"answer": answer, "reference": str(reference), "environment": variables, "skip": None}
        return self.ask("run", dag_id="close_month", conf=conf, **request)


@pytest.fixture(scope="session")
def start_box(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Box]]:
    """A function: Airflow with these variables; its metadata in a database of the session's server."""
    postgres_server.ensure_databases("airflow_dags")
    started: list[subprocess.Popen[str]] = []

    def start(**variables: str) -> Box:
        home = tmp_path_factory.mktemp("airflow")
        with environment(CCHC_HOME=str(home), **variables):
            make_secrets(Settings.load())
            made = airflow_environment(Settings.load(), postgres_server, 1, postgres_server.url("airflow_dags")) | variables
        kept = {name: value for name, value in made.items() if not name.startswith("PYTEST")}
        kept |= {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres_server.url("airflow_dags"),
            "PYTHONPATH": os.pathsep.join([str(PROJECT / "plugins"), str(PROJECT), kept["PYTHONPATH"]]),
        }
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.dags.airflow_box"],
                cwd=PROJECT,
                env=kept,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        started.append(process)
        return Box(process, home / "log")

    yield start
    for process in started:
        process.stdin.close()  # type: ignore[union-attr]
        process.wait(timeout=240)  # Airflow ends in seconds, and in more than a minute on a machine that is very busy
        process.stdout.close()  # type: ignore[union-attr]


@pytest.fixture(scope="session")
def box(start_box: Callable[..., Box]) -> Box:
    """Airflow with the project's own sources."""
    return start_box()


@pytest.fixture
def installed(warehouse: Settings, district_sources: Demo, tmp_path: Path) -> dict[str, str]:
    """The variables of a fresh installation of the demo: warehouse, connections, and profiles that do not try six times."""
    return {
        "CCHC_HOME": str(warehouse.home),
        "CCHC_WAREHOUSE_URL": str(warehouse.warehouse_url),
        "CCHC_PRIVACY_KEY": "a key for tests",
        "CCHC_LANDING_URL": warehouse.landing_url,
        "CCHC_SOURCES_DIR": str(profiles_that_try_once(tmp_path / "sources")),
        **district_sources.connections(),
    }


def broken(installed: dict[str, str], source: str, **parts: str) -> dict[str, str]:
    name = f"AIRFLOW_CONN_SRC_{source.upper()}"
    return installed | {name: json.dumps(json.loads(installed[name]) | parts)}
