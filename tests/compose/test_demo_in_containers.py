"""The demo in containers, with tasks in the scheduler and in workers of Celery: every figure is that of `make demo ONCE=1` (`make nightly`).

Each installation is made from nothing on a real engine, loads a small district by DAG runs, publishes a month and keeps house, all with the
login of the tasks.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cchc.embedded.airflow_api import AirflowApi, Run
from cchc.settings import PROJECT
from cchc.warehouse.url import LOADER_LOGIN
from tests.compose.engine import BASE, CELERY, Containers, containers, engine_is_missing
from tests.support.approval import approve

SCALE = "0.02"
CLOSED, SHOWN = "2023-11", "2023-12"
# the files of Compose, and the service whose containers run the tasks
WAYS = {"tasks in the scheduler": ((BASE,), "scheduler"), "tasks in workers of Celery": ((BASE, CELERY), "worker")}
SOURCES = ("declared", "documents", "feedback", "one_stop", "payments", "survey")
REFRESH, UPKEEP = "refresh_indicators", ("maintenance", "backup", "clean_airflow", "alerts", "check_connections")
RUN_SECONDS = 1800
VALUES = (
    "select plan_code, indicator_code, unit_code, period_kind, period_start, basis, numerator, denominator, value, target, status "
    "from mart.indicator_value order by 1, 2, 3, 4, 5, 6"
)
MARKED = "select distinct to_char(month_start, 'YYYY-MM') from ops.dirty_month"
HOSTS = "select distinct hostname from task_instance where state = 'success' and hostname <> '' order by 1"
ASK_LOGIN = """
import sys
from cchc.settings import Settings
from cchc.warehouse import engine
from sqlalchemy import text
with engine(Settings.load()).connect() as connection:
    print(connection.execute(text("select current_user")).scalar_one())
"""


@dataclass(frozen=True)
class Answers:
    """What an installation prints: the scorecard of the year's last month, and every value as CSV."""

    scorecard: str
    values: str

    def rows(self) -> list[list[str]]:
        """The values, row by row."""
        return list(csv.reader(io.StringIO(self.values)))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What `make demo ONCE=1` of the same district says."""
    if why := engine_is_missing():
        pytest.skip(f"the containers are not tried: {why}")
    home = tmp_path_factory.mktemp("embedded")
    unset = ("AIRFLOW", "CCHC_", "PYTEST")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unset)} | {"CCHC_HOME": str(home)}

    def cchc(*arguments: str) -> str:
        command = [sys.executable, "-m", "cchc.cli", *arguments]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    try:
        printed = cchc("demo", "--once", "--wide", "--scale", SCALE)
        said = Answers(cchc("scorecard", "--wide", SHOWN), cchc("sql", "--format", "csv", VALUES))
        assert said.scorecard.strip() in printed
        return said
    finally:
        cchc("down")


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Containers, str]]:
    """An installation with the demo, started and not loaded, and the service that runs the tasks."""
    if why := engine_is_missing():
        pytest.skip(f"the containers are not tried: {why}")
    files, service = WAYS[request.param]
    folder = tmp_path_factory.mktemp("compose")
    with containers(folder, *files, COMPOSE_PROFILES="demo", DEMO_SCALE=SCALE) as made:
        Containers(made.folder, (BASE,), made.project, made.ports)("build")  # the project's own image, which the other one begins with
        made("build")
        made("up", "--detach")
        made.wait_until_healthy()
        yield made, service


def _succeed(api: AirflowApi, runs: list[Run]) -> None:
    """Wait for the runs; each must end well."""
    failed = [run for run in api.wait(runs, RUN_SECONDS) if run.state != "success"]
    assert failed == [], [api.explain_failure(run) for run in failed]


def _clock(compose: Containers, service: str) -> str:
    ask = "import json, urllib.request as u; print(json.load(u.urlopen('http://127.0.0.1:8765/health'))['clock'])"
    return compose.inside(service, "python", "-c", ask).strip()


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_the_demo_gives_the_figures_of_the_embedded_installation(embedded: Answers, way: tuple[Containers, str]) -> None:
    compose, service = way
    until = _clock(compose, service)
    with compose.api() as api:
        api.wait_for_dags([REFRESH, "close_month", *UPKEEP, *(f"ingest_{source}" for source in SOURCES)], 120)
        assert api.import_errors() == {}
        for dag_id in api.dag_ids():
            api.set_paused(dag_id, False)
        known = [run.run_id for run in api.runs(REFRESH)]
        if compose.query(MARKED):  # marked by the job `init`, which causes no run
            api.trigger(REFRESH)
        _succeed(api, [api.trigger(f"ingest_{source}", {"from": None, "to": until}) for source in SOURCES])
        caused = api.wait_for_partitions(REFRESH, known, lambda: compose.query(MARKED).split(), RUN_SECONDS)
        assert {run.state for run in caused} == {"success"}

        found = Answers(
            compose.inside("scheduler", "cchc", "scorecard", "--wide", SHOWN),
            compose.inside("scheduler", "cchc", "sql", "--format", "csv", VALUES),
        )
        assert len(found.rows()) > 1000
        assert found.rows() == embedded.rows()
        assert found.scorecard == embedded.scorecard

        # published and kept by DAGs, which have no other login than that of the tasks
        closing = api.trigger("close_month", {"period": CLOSED, "wait_hours": 0})
        approve(api, closing, 300)
        _succeed(api, [closing])
        for dag_id in UPKEEP:
            _succeed(api, [api.trigger(dag_id)])
    assert compose.query("select count(*) from mart.publication") == "1"
    for each in (service, "scheduler"):
        assert compose.inside(each, "python", "-c", ASK_LOGIN).strip() == LOADER_LOGIN
        mounted = compose.inside(each, "ls", "/run/secrets").split()
        assert "warehouse_loader_url" in mounted
        assert {"warehouse_url", "postgres_password", "airflow_admin_password"} & set(mounted) == set()

    # who ran the tasks
    hosts = [compose.inside(service, "hostname").strip()]
    assert compose.query(HOSTS, "airflow").split() == hosts
