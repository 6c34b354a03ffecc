"""One walk through a real Airflow: from nothing to the scorecard, again without a change, one day later, down without a trace.

A small demo district in a folder of its own. The steps build on each other, so they are one test.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg
import pytest

from cchc.airflow.pools import OTHER_SLOTS
from cchc.embedded import stack
from cchc.embedded.airflow_api import AirflowApi, Run
from cchc.embedded.stack import tasks_at_once
from cchc.settings import PROJECT, Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from demo.state import StateFolder
from tests.dags.webhook import Webhook, webhook

__all__ = ["webhook"]

SCALE = 0.02
SOURCES = ("one_stop", "documents", "payments")
RARE = ("feedback", "survey", "declared")  # nothing of theirs comes on the day that the test advances by
LAST_LOADS = """
    select source_code, sum(landed), sum(quarantined), sum(inserted), sum(updated), sum(unchanged)
    from ops.load where extract_id in (select max(extract_id) from ops.extract group by source_code)
        and entity not in ('dossiers.keys', 'procedures', 'leaders') -- these are whole lists, each time
    group by source_code
"""
VALUES = """
    select plan_code, indicator_code, unit_code, period_kind, period_start, basis, numerator, denominator, value, target, status
    from mart.indicator_value order by 1, 2, 3, 4, 5, 6
"""


class Installation:
    """`cchc` and the demo's command line in a folder of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        unset = ("AIRFLOW", "CCHC_", "VIRTUAL_ENV", "PYTEST")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(unset)} | {"CCHC_HOME": str(home)}

    def run(self, module: str, *arguments: str, code: int = 0) -> str:
        """Run `python -m module …` and return what it printed."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False, timeout=800)
        assert done.returncode == code, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows from the warehouse."""
        server = postgres.running_server(self.home)
        assert server is not None
        with psycopg.connect(server.url("warehouse").replace("+psycopg", "")) as connection:
            return connection.execute(statement).fetchall()

    def loads(self) -> dict[str, dict[str, int]]:
        """What the last extract of each source did."""
        names = ("landed", "quarantined", "inserted", "updated", "unchanged")
        return {source: dict(zip(names, map(int, sums), strict=True)) for source, *sums in self.query(LAST_LOADS)}

    @property
    def settings(self) -> Settings:
        """The settings of this installation."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("CCHC_")]:
                patch.delenv(name)
            patch.setenv("CCHC_HOME", str(self.home))
            return Settings.load()

    def processes(self) -> list[psutil.Process]:
        """Live processes that work in this installation's folder."""
        inside = str(self.home.resolve())
        return [
            process
            for process in psutil.process_iter(["cwd", "status"])
            if (process.info["cwd"] or "").startswith(inside) and process.info["status"] != psutil.STATUS_ZOMBIE
        ]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    stack.down(found.settings)


def _approve(api: AirflowApi, run: Run) -> None:
    """Answer the approval of a run of close_month as the UI does, once it waits for somebody.

    Not in the same moment: Airflow 3.3.2 takes an answer that comes before its scheduler has seen the task's worker end for a task
    that was killed, and asks again after the retry's delay. No person is that fast.
    """
    path = f"/api/v2/dags/close_month/dagRuns/{quote(run.run_id, safe='')}/taskInstances/approval/-1/hitlDetails"

    def waits() -> bool:
        assert api.run(run.dag_id, run.run_id).state not in ("failed", "success"), api.explain_failure(run)
        return {task.task_id: task.state for task in api.tasks(run)}.get("approval") in ("awaiting_input", "deferred")

    assert wait_until(waits, 120, 0.5), [(task.task_id, task.state) for task in api.tasks(run)]
    time.sleep(10)
    api._call("PATCH", path, {"chosen_options": ["Approve"], "params_input": {"note": None}})


def _failed_and_late_runs_are_told(api: AirflowApi, webhook: Webhook) -> None:
    """A run without a connection fails for good and is told at once; one whose source is away tries again, and is told at its deadline."""
    api.wait_for_dags(["ingest_survey", "ingest_payments"], 120)
    for dag_id in ("ingest_survey", "ingest_payments"):
        api.set_paused(dag_id, False)
    failed, late = api.trigger("ingest_survey"), api.trigger("ingest_payments")
    assert [run.state for run in api.wait([failed], 120)] == ["failed"]
    assert wait_until(lambda: any("Quá hạn hoàn thành" in text for text in webhook.texts), 120, 0.5), webhook.texts
    of_survey = [text for text in webhook.texts if f"ingest_survey, {failed.run_id}" in text]
    assert len(of_survey) == 1, webhook.texts
    assert "Bước extract bị lỗi. Lý do: NotConfigured: Airflow has no connection src_survey" in of_survey[0]
    (of_payments,) = [text for text in webhook.texts if f"ingest_payments, {late.run_id}" in text]
    assert "đang ở trạng thái running; vẫn chạy tiếp" in of_payments
    assert api.run(late.dag_id, late.run_id).state == "running"


def _a_killed_task_is_told(api: AirflowApi, webhook: Webhook, installation: Installation) -> None:
    """Airflow calls no callback of a task whose process was killed: that of its DAG tells of it, and of no other task of the run."""
    server = postgres.running_server(installation.home)
    assert server is not None
    api.set_paused("check_connections", False)
    run = api.trigger("check_connections")

    def pid_of_the_last() -> int | None:
        """The process of the task that waits for a source which never answers, once the two others have failed by themselves."""
        if sum("Bước check[" in text for text in webhook.texts) < 2:
            return None
        with psycopg.connect(server.url("airflow").replace("+psycopg", "")) as connection:
            statement = "select pid from task_instance where run_id = %s and state = 'running' and map_index = 0"
            found = connection.execute(statement, [run.run_id]).fetchone()
        return found[0] if found else None

    pid = wait_until(pid_of_the_last, 120, 0.5)
    assert pid is not None, webhook.texts
    psutil.Process(pid).kill()
    assert [done.state for done in api.wait([run], 120)] == ["failed"]
    assert wait_until(lambda: any("Bước check[0]" in text for text in webhook.texts), 120, 0.5), webhook.texts
    (text,) = [text for text in webhook.texts if "Bước check[0]" in text]
    assert "Lý do: the process of the task was killed, or ended without a word" in text
    assert f"Ở đâu: check_connections, {run.run_id}" in text
    assert sum("Bước check[" in text for text in webhook.texts) == 3


@pytest.mark.end_to_end
@pytest.mark.timeout(1500)
def test_from_nothing_to_the_scorecard_and_on(installation: Installation) -> None:
    StateFolder(installation.home / "demo").open(scale=SCALE)

    # from nothing
    printed = installation.run("cchc.cli", "demo")
    assert "all green" in printed
    assert "Log in:" in printed
    first = installation.loads()
    assert set(first) == {*SOURCES, *RARE}
    assert all(load["landed"] > 100 and load["inserted"] > 100 for load in first.values())
    values = installation.query(VALUES)
    assert values
    scorecard = installation.query("select * from mart.scorecard")
    assert scorecard
    assert installation.run("cchc.cli", "scorecard", "2023-12").strip() in printed

    # all of it ran in Airflow, and nothing failed
    running = stack.running_stack(installation.settings)
    assert running is not None
    with running.api() as api:
        assert api.import_errors() == {}
        runs = api.runs()
        assert {run.dag_id for run in runs} == {"refresh_indicators", *(f"ingest_{source}" for source in first)}
        assert {run.state for run in runs} == {"success"}

    # a second run changes nothing
    installation.run("cchc.cli", "demo")
    assert all(load["inserted"] == load["updated"] == 0 for load in installation.loads().values())
    assert installation.query(VALUES) == values
    with running.api() as api:
        assert {run.state for run in api.runs()} == {"success"}
        assert sum(run.dag_id == "refresh_indicators" for run in api.runs()) == sum(run.dag_id == "refresh_indicators" for run in runs)

    # a month is closed: a person approves in Airflow, the values are frozen, and closing again has nothing to say
    with running.api() as api:
        api.set_paused("close_month", False)
        asked = api.trigger("close_month", {"period": "2023-11", "wait_hours": 0})
        _approve(api, asked)
        assert [run.state for run in api.wait([asked], 300)] == ["success"]
    (published,) = installation.query("select edition, approval, approved_by from mart.publication")
    assert published == (1, "person", "admin")
    frozen = installation.query("select * from mart.publication_value order by 1, 2, 3, 4")
    assert frozen
    assert "Đã công bố lần 1" in installation.run("cchc.cli", "scorecard", "2023-11")

    # a day later only what changed is pulled
    installation.run("demo", "advance", "--state", str(installation.home / "demo"), "--days", "1")
    installation.run("cchc.cli", "demo")
    day = installation.loads()
    for source in SOURCES:
        assert day[source]["landed"] < 0.2 * first[source]["landed"], source
    assert sum(load["inserted"] + load["updated"] for load in day.values()) > 0
    assert len(installation.query(VALUES)) >= len(values)
    assert installation.query("select * from mart.publication_value order by 1, 2, 3, 4") == frozen

    # a second `up` is no new start, and `down` leaves nothing behind
    assert running.url in installation.run("cchc.cli", "up")
    assert "running (healthy)" in installation.run("cchc.cli", "status")
    assert installation.processes()
    installation.run("cchc.cli", "down")
    assert installation.processes() == []
    installation.run("cchc.cli", "down")
    installation.run("cchc.cli", "status", code=1)


@pytest.mark.end_to_end
@pytest.mark.timeout(600)
def test_a_killed_stack_comes_back_and_tells(installation: Installation, tmp_path: Path, webhook: Webhook) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for name in ("payments", "survey", "documents"):
        profile = (PROJECT / "include" / "sources" / f"{name}.yaml").read_text(encoding="utf-8")
        (sources / f"{name}.yaml").write_text(profile.replace("overlap_hours:", "deadline_hours: 0.0005\noverlap_hours:"), encoding="utf-8")
    silent = socket.create_server(("127.0.0.1", 0))  # takes calls and never answers
    silent_host = f"http://127.0.0.1:{silent.getsockname()[1]}/documents"
    away = {
        "AIRFLOW_CONN_SRC_PAYMENTS": json.dumps({"conn_type": "fs", "host": str(tmp_path / "away")}),
        "AIRFLOW_CONN_SRC_DOCUMENTS": json.dumps({"conn_type": "http", "host": silent_host, "password": "a key"}),
    }
    installation.environment |= {"CCHC_SOURCES_DIR": str(sources), "CCHC_SCHEDULE": "off"} | away | webhook.connection
    installation.run("cchc.cli", "up")
    first = stack.running_stack(installation.settings)
    for process in installation.processes():
        process.kill()
    installation.run("cchc.cli", "status", code=1)

    installation.run("cchc.cli", "up")
    again = stack.running_stack(installation.settings)
    assert first is not None and again is not None
    assert (again.url, again.password) == (first.url, first.password)
    with again.api() as api:
        slots = tasks_at_once()
        assert api.pools() == {"default_pool": OTHER_SLOTS, "warehouse": slots}
        _failed_and_late_runs_are_told(api, webhook)
        _a_killed_task_is_told(api, webhook, installation)
        api._call("DELETE", "/api/v2/pools/warehouse")
        assert [level for level, text in stack.health(installation.settings) if "no pool warehouse" in text] == ["WRONG"]
        installation.run("cchc.cli", "up")
        assert api.pools()["warehouse"] == slots
    installation.run("cchc.cli", "down")
    assert installation.processes() == []
    silent.close()
