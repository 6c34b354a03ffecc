"""A stack that is killed comes back, and tells of runs that fail, that are late, and whose process was killed."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import psutil
import psycopg
import pytest

from cchc.airflow.pools import OTHER_SLOTS
from cchc.embedded import stack
from cchc.embedded.airflow_api import AirflowApi
from cchc.embedded.stack import tasks_at_once
from cchc.settings import PROJECT
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from tests.dags.webhook import Webhook, webhook
from tests.end_to_end.installation import Installation

__all__ = ["webhook"]


def _failed_and_late_runs_are_told(api: AirflowApi, webhook: Webhook) -> None:
    """A run without a connection fails for good and is told at once; one whose source is away tries again, and is told at its deadline."""
    api.wait_for_dags(["ingest_survey", "ingest_payments"], 120)
    for dag_id in ("ingest_survey", "ingest_payments"):
        api.set_paused(dag_id, False)
    failed, late = api.trigger("ingest_survey"), api.trigger("ingest_payments")
    assert [run.state for run in api.wait([failed], 120)] == ["failed"]
    assert wait_until(lambda: any("Quá hạn hoàn thành" in text for text in webhook.texts), 120, 0.5), webhook.texts
    # on a busy machine the run that fails is late too, and that is told as well
    of_survey = [text for text in webhook.texts if f"ingest_survey, {failed.run_id}" in text and "Quá hạn hoàn thành" not in text]
    assert len(of_survey) == 1, webhook.texts
    assert "Bước extract bị lỗi. Lý do: NotConfigured: Airflow has no connection src_survey" in of_survey[0]
    assert wait_until(lambda: any(f"ingest_payments, {late.run_id}" in text for text in webhook.texts), 120, 0.5), webhook.texts
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
