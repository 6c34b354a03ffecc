"""The REST client against a small stand-in of Airflow: log-in, pages, waiting, what it says about a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from cchc.airflow import failures
from cchc.embedded import airflow_api
from cchc.embedded.airflow_api import AirflowApi, Run
from cchc.errors import CchcError, NotConfigured, SourceUnavailable
from tests.support.http import Handler, listening


class Airflow(Handler):
    """Answers from `answers` (path → body, or a list of bodies of which the last one stays); lists are cut into pages."""

    answers: ClassVar[dict[str, Any]] = {}
    tokens: ClassVar[list[str]] = []
    asked: ClassVar[list[tuple[str, str, Any]]] = []

    def do_GET(self) -> None:
        self.answer(None)

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    do_PATCH = do_POST

    def answer(self, body: Any) -> None:
        parts = urlsplit(self.path)
        self.asked.append((self.command, self.path, body))
        if parts.path == "/auth/token":
            if body["password"] != "right":
                return self.say(401, {"detail": "no"})
            self.tokens.append(f"token-{len(self.tokens)}")
            return self.say(201, {"access_token": self.tokens[-1]})
        if not self.tokens or self.headers["Authorization"] != f"Bearer {self.tokens[-1]}":
            return self.say(401, {"detail": "who are you?"})
        found = self.answers.get(parts.path)
        if found is None:
            return self.say(404, {"detail": "Not Found"})
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        query = parse_qs(parts.query)
        if "limit" in query:
            offset, limit = int(query["offset"][0]), int(query["limit"][0])
            found = {key: value[offset : offset + limit] if isinstance(value, list) else value for key, value in found.items()}
        return self.say(200, found)

    def say(self, code: int, body: Any) -> None:
        self.send(json.dumps(body).encode(), code)


@pytest.fixture
def url() -> Iterator[str]:
    Airflow.answers, Airflow.tokens, Airflow.asked = {}, [], []
    with listening(Airflow) as base:
        yield base


@pytest.fixture
def api(url: str) -> Iterator[AirflowApi]:
    with AirflowApi(url, "admin", "right") as client:
        yield client


def run(state: str, run_id: str = "r", dag_id: str = "d") -> dict[str, Any]:
    return {"dag_id": dag_id, "dag_run_id": run_id, "state": state, "partition_key": None}


def test_trigger_sends_conf_and_no_logical_date(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags/d/dagRuns"] = run("queued")
    assert api.trigger("d", {"to": "2024-01-02T00:00:00+07:00"}) == Run("d", "r", "queued")
    assert Airflow.asked[-1][2] == {"logical_date": None, "conf": {"to": "2024-01-02T00:00:00+07:00"}}


def test_a_token_that_ran_out_is_renewed(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags/d/dagRuns/r"] = run("running")
    api.run("d", "r")
    Airflow.tokens.append("another")
    assert api.run("d", "r").state == "running"


def test_all_pages_are_read(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags/~/dagRuns"] = {"dag_runs": [run("success", f"r{n}") for n in range(250)], "total_entries": 250}
    assert [each.run_id for each in api.runs()] == [f"r{n}" for n in range(250)]


def test_wait_returns_the_last_states_and_says_where_the_late_ones_stand(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags/d/dagRuns/a"] = [run("running", "a"), run("failed", "a")]
    Airflow.answers["/api/v2/dags/d/dagRuns/b"] = run("running", "b")
    assert api.wait([Run("d", "a", "queued")], 30) == [Run("d", "a", "failed")]
    states = {"freeze": "running", "findings": "success", "notify": None}
    tasks = [{"task_id": name, "state": state, "try_number": 1, "map_index": -1} for name, state in states.items()]
    Airflow.answers["/api/v2/dags/d/dagRuns/b/taskInstances"] = {"task_instances": tasks, "total_entries": 3}
    Airflow.answers["/api/v2/dags/d"] = {"is_paused": False}
    with pytest.raises(CchcError, match=r"1 DAG runs are not finished.*: d b is running \(freeze running\)"):
        api.wait([Run("d", "b", "queued")], 0)


def test_wait_says_what_is_done_meanwhile(api: AirflowApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_api, "AT_WORK_SECONDS", -1)
    Airflow.answers["/api/v2/dags/d/dagRuns/a"] = [run("running", "a"), run("success", "a")]
    states = {"extract": "success", "stage": "running"}
    tasks = [{"task_id": name, "state": state, "try_number": 1, "map_index": -1} for name, state in states.items()]
    Airflow.answers["/api/v2/dags/d/dagRuns/a/taskInstances"] = {"task_instances": tasks, "total_entries": 2}
    said: list[str] = []
    api.wait([Run("d", "a", "queued")], 30, at_work=said.append)
    assert said == ["d stage"]


def test_a_run_that_waits_because_its_dag_is_paused_says_so(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags"] = {"dags": [{"dag_id": "close_month"}], "total_entries": 1}
    queued = [run("queued", "asked", "close_month"), run("queued", "soon", "ingest_survey")]
    Airflow.answers["/api/v2/dags/~/dagRuns"] = {"dag_runs": queued, "total_entries": 2}
    assert api.held_up() == [Run("close_month", "asked", "queued")]
    Airflow.answers["/api/v2/dags/close_month/dagRuns/asked"] = run("queued", "asked", "close_month")
    Airflow.answers["/api/v2/dags/close_month/dagRuns/asked/taskInstances"] = {"task_instances": [], "total_entries": 0}
    Airflow.answers["/api/v2/dags/close_month"] = {"is_paused": True}
    with pytest.raises(CchcError, match=r"close_month asked is queued \(no task has begun; close_month is paused\)"):
        api.wait([Run("close_month", "asked", "queued")], 0)


def test_partitions_are_waited_for_to_the_last_run(api: AirflowApi) -> None:
    def runs(*states: str) -> dict[str, Any]:
        new = [run(state, f"new{n}", "refresh") | {"partition_key": f"2023-1{n + 1}"} for n, state in enumerate(states)]
        found = [run("failed", "old", "refresh"), *new]
        return {"dag_runs": found, "total_entries": len(found)}

    marked = iter([["2023-11", "2023-12"], ["2023-12"], ["2023-12"], ["2023-12"]])
    Airflow.answers["/api/v2/dags/refresh/dagRuns"] = [runs(), runs("success"), runs("success", "running"), runs("success", "failed")]
    seen: list[Run] = []
    done = api.wait_for_partitions("refresh", ["old"], lambda: next(marked), 30, seen.append)
    assert done == seen == [Run("refresh", "new0", "success", "2023-11"), Run("refresh", "new1", "failed", "2023-12")]
    assert not [path for _, path, _ in Airflow.asked if not path.startswith(("/api/v2/", "/auth/token"))], "only the API with a contract"


def test_partitions_that_start_nothing_are_an_error(api: AirflowApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_api, "CONSUMED_SECONDS", 0)
    Airflow.answers["/api/v2/dags/refresh/dagRuns"] = {"dag_runs": [], "total_entries": 0}
    with pytest.raises(CchcError, match="2023-11, 2023-12 wait for refresh, but it does not start"):
        api.wait_for_partitions("refresh", [], lambda: ["2023-12", "2023-11"], 30)


def test_a_run_of_a_year_does_its_months(api: AirflowApi) -> None:
    failed = run("failed", "year", "refresh") | {"partition_key": "2023"}
    Airflow.answers["/api/v2/dags/refresh/dagRuns"] = {"dag_runs": [failed], "total_entries": 1}
    assert api.wait_for_partitions("refresh", [], lambda: ["2023-11", "2023-12"], 30) == [Run("refresh", "year", "failed", "2023")]
    with pytest.raises(CchcError, match="0 runs of refresh are not finished after 0 s"):
        api.wait_for_partitions("refresh", [], lambda: ["2024-01"], 0)


def test_a_failed_run_of_all_partitions_is_not_waited_for_longer(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags/refresh/dagRuns"] = {"dag_runs": [run("failed", "all", "refresh")], "total_entries": 1}
    done = api.wait_for_partitions("refresh", [], lambda: ["2023-12"], 30)
    assert done == [Run("refresh", "all", "failed")]


def test_a_run_that_does_not_end_is_told(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags/refresh/dagRuns"] = {"dag_runs": [run("running", "new", "refresh")], "total_entries": 1}
    with pytest.raises(CchcError, match="1 runs of refresh are not finished after 0 s"):
        api.wait_for_partitions("refresh", [], list, 0)


def test_a_failure_names_task_and_reason(api: AirflowApi) -> None:
    tasks = [
        {"task_id": "extract", "state": "success", "try_number": 1, "map_index": -1},
        {"task_id": "load", "state": "upstream_failed", "try_number": 0, "map_index": -1},
        {"task_id": "stage", "state": "failed", "try_number": 2, "map_index": -1},
    ]
    log = [
        {"event": "::group::Log message source details"},
        {"event": "params", "level": "info"},
        {
            "event": "Task failed with exception",
            "level": "error",
            "error_detail": [{"exc_type": "ContractViolation", "exc_value": "sai mã"}],
        },
    ]
    Airflow.answers["/api/v2/dags/d/dagRuns/r/taskInstances"] = {"task_instances": tasks, "total_entries": 3}
    Airflow.answers["/api/v2/dags/d/dagRuns/r/taskInstances/stage/logs/2"] = {"content": log}
    text = api.explain_failure(Run("d", "r", "failed"))
    assert "task stage failed (try 2)" in text
    told = [line.strip() for line in text.splitlines()[1:]]
    assert told[:-1] == ["error Task failed with exception", "ContractViolation: sai mã"], "no raw log"
    assert told[-1] == f"The whole log: {api.base_url}/dags/d/runs/r/tasks/stage"
    log.insert(1, {"event": "ContractViolation: sai mã [docs/runbooks/add_source.md]", "level": "error", "logger": "cchc.airflow.failures"})
    told = api.explain_failure(Run("d", "r", "failed")).splitlines()
    assert told[1:-1] == ["  ContractViolation: sai mã [docs/runbooks/add_source.md]"], "what the task itself said, and nothing else"
    assert airflow_api.REASONS == failures.log.name


def test_pools_are_made_once_and_resized(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/pools"] = {"pools": [{"name": "default_pool", "slots": 128}], "total_entries": 1}
    Airflow.answers["/api/v2/pools/default_pool"] = {}
    api.ensure_pool("default_pool", 128)
    assert Airflow.asked[-1][0] == "GET"
    api.ensure_pool("default_pool", 3)
    assert Airflow.asked[-1][0] == "PATCH" and Airflow.asked[-1][2]["slots"] == 3
    api.ensure_pool("other", 1)
    assert Airflow.asked[-1][0] == "POST"


def test_missing_dags_are_reported_with_the_import_error(api: AirflowApi) -> None:
    Airflow.answers["/api/v2/dags"] = {"dags": [{"dag_id": "a"}], "total_entries": 1}
    Airflow.answers["/api/v2/importErrors"] = {"import_errors": [{"filename": "b.py", "stack_trace": "NameError: x"}], "total_entries": 1}
    api.wait_for_dags(["a"], 0)
    with pytest.raises(CchcError, match=r"(?s)the DAGs b .*b\.py.*NameError"):
        api.wait_for_dags(["a", "b"], 0)


def test_errors_say_where(url: str, api: AirflowApi) -> None:
    with pytest.raises(CchcError, match=r"GET /api/v2/dags/none/dagRuns/r: 404"):
        api.run("none", "r")
    with AirflowApi(url, "admin", "wrong") as stranger, pytest.raises(NotConfigured, match="does not let user admin in: 401"):
        stranger.run("d", "r")
    with AirflowApi("http://127.0.0.1:9", "admin", "right") as nowhere:
        assert nowhere.health() == {}
        with pytest.raises(SourceUnavailable, match="does not answer"):
            nowhere.run("d", "r")
