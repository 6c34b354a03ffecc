"""What the DAGs are: one ingest_<source> for each profile, on the plan's clock, with owners, limits and words."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest

from cchc.documentation import dag_page
from cchc.settings import PROJECT
from tests.dags.conftest import Box

CHAIN = ["open_window", "extract", "stage", "validate", "load", "confirm"]
OURS = {
    "alerts",
    "backfill",
    "backup",
    "check_connections",
    "clean_airflow",
    "close_month",
    "maintenance",
    "refresh_indicators",
}  # beside the ingests
# by the first word of the DAG
WRITES = {
    *(("ingest", task) for task in ("open_window", "extract", "stage", "validate", "load")),
    ("refresh", "refresh"),
    ("close", "freeze"),
    *(("maintenance", task) for task in ("retain", "sweep", "forget", "count_again", "judge_again", "compare_again", "analyze")),
}
OTHERS = {
    ("alerts", "tell"),
    ("ingest", "confirm"),
    ("backfill", "windows"),
    ("backfill", "ingest_month"),
    ("check", "check"),
    *(("clean", task) for task in ("clean_database", "clean_logs")),
    *(("backup", task) for task in ("write", "test", "lacking")),
    *(("close", task) for task in ("choose_period", "coverage", "findings", "decide", "approval", "bundle", "late_lists", "notify")),
}
FOREVER = {"schedule": None, "timetable": "NullTimetable"}


@pytest.fixture(scope="module")
def found(box: Box) -> Any:
    return box.ask("structure", environment={})


@pytest.fixture(scope="module")
def dags(found: Any) -> Any:
    assert found["errors"] == {}
    return found["dags"]


def ingests(dags: Any) -> dict[str, Any]:
    return {name: dag for name, dag in dags.items() if name.startswith("ingest_")}


def test_every_file_loads(dags: Any) -> None:
    profiles = {path.stem for path in (PROJECT / "include" / "sources").glob("*.yaml")}
    assert profiles == {"declared", "documents", "feedback", "one_stop", "payments", "survey"}
    assert set(dags) == OURS | {f"ingest_{name}" for name in profiles}


def test_a_profile_dropped_elsewhere_is_a_dag_and_no_code(box: Box, tmp_path: Path) -> None:
    shutil.copy(PROJECT / "docs" / "examples" / "dutch_permits.yaml", tmp_path)
    found = box.ask("structure", environment={"CCHC_SOURCES_DIR": str(tmp_path)})
    assert found["errors"] == {}
    assert set(ingests(found["dags"])) == {"ingest_dutch_permits"}
    dag = found["dags"]["ingest_dutch_permits"]
    assert list(dag["tasks"]) == CHAIN
    assert dag["schedule"] is None  # the profile gives none: by hand alone
    source = found["dags"]["backfill"]["params"]["source"]
    assert source["enum"] == ["dutch_permits"]
    assert source["default"] in source["enum"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("source: one_stop\n", "one_stop.yaml: the key 'zone' is missing"), ("source: [one_stop\n", "one_stop.yaml is no")],
    ids=["a key is missing", "no YAML"],
)
def test_a_profile_that_cannot_be_read_fails_alone(box: Box, tmp_path: Path, text: str, words: str) -> None:
    for path in (PROJECT / "include" / "sources").glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "one_stop.yaml").write_text(text, encoding="utf-8")
    variables = {"CCHC_SOURCES_DIR": str(tmp_path)}
    found = box.ask("structure", environment=variables)
    assert found["errors"] == {}
    made = ingests(found["dags"])
    assert set(made) == {f"ingest_{path.stem}" for path in tmp_path.glob("*.yaml")}
    assert {name for name, dag in made.items() if list(dag["tasks"]) != CHAIN} == {"ingest_one_stop"}
    assert list(made["ingest_one_stop"]["tasks"]) == ["read_profile"]
    assert made["ingest_one_stop"]["schedule"], "a DAG that never runs is never red"
    done = box.run("ingest_one_stop", None, None, **variables)
    assert done["state"] == "failed"
    assert words in done["errors"]["read_profile"]


def test_the_plans_clock(dags: Any) -> None:
    for name, dag in {**ingests(dags), "maintenance": dags["maintenance"]}.items():
        assert dag["timetable"] == "CronTriggerTimetable", name
        assert dag["zone"] == "Asia/Ho_Chi_Minh", name
        assert dag["schedule"], name
    assert dags["ingest_one_stop"]["schedule"] == "15 1 * * *"
    assert len({dag["schedule"] for dag in ingests(dags).values()}) == len(ingests(dags)), "sources are not pulled in the same minute"
    assert all(dag["catchup"] is False for dag in dags.values())


def test_the_clock_can_be_switched_off(box: Box) -> None:
    found = box.ask("structure", environment={"CCHC_SCHEDULE": "off"})
    assert found["errors"] == {}
    for name, dag in {**ingests(found["dags"]), "maintenance": found["dags"]["maintenance"]}.items():
        assert {key: dag[key] for key in FOREVER} == FOREVER, name


def test_every_dag_has_words_and_tags(dags: Any) -> None:
    for name, dag in dags.items():
        assert len(dag["doc"]) > 100, name
        assert dag["tags"], name
        assert dag["description"], name
        assert dag["display"] != name, f"{name} has no Vietnamese name"
        for title, param in dag["params"].items():
            assert param.get("title"), f"{name}: {title}"


def test_every_task_has_an_owner_limits_and_words(dags: Any) -> None:
    for name, dag in dags.items():
        for task, what in dag["tasks"].items():
            where = f"{name}.{task}"
            assert what["owner"] not in ("", "airflow"), where
            assert what["timeout"] and what["timeout"] <= 6 * 3600, where
            assert what["doc"] or what["operator"] == "TriggerDagRunOperator", where
            if name in ("check_connections", "alerts") or task == "late_lists":
                assert what["retries"] == 0, "somebody waits for the answer, the next hour tries again, or e-mails would be sent twice"
            else:
                assert (what["retries"], what["backoff"], what["delay"], what["most"]) == (3, 2.0, 20.0, 900.0), where
                assert {
                    "cchc.errors.ContractViolation",
                    "cchc.errors.LoadBlocked",
                    "cchc.errors.NotConfigured",
                    "cchc.errors.WrongUse",
                } <= set(what["policy"]), where


def test_every_failure_is_told(dags: Any) -> None:
    for name, dag in dags.items():
        assert dag["on_failure"] == ["cchc.airflow.notify.tell_failed_run"], name
        for task, what in dag["tasks"].items():
            assert what["on_failure"] == ["cchc.airflow.notify.tell_failure"], f"{name}.{task}"
            assert what["on_success"] == ["cchc.airflow.notify.tell_success"], f"{name}.{task}"


def test_what_writes_to_the_warehouse_is_in_its_pool(dags: Any) -> None:
    tasks = {(name.partition("_")[0], task) for name, dag in dags.items() for task in dag["tasks"]}
    assert tasks == WRITES | OTHERS, "say of each task whether it writes to the warehouse"
    for name, dag in dags.items():
        for task, what in dag["tasks"].items():
            wanted = "warehouse" if (name.partition("_")[0], task) in WRITES else "default_pool"
            assert what["pool"] == wanted, f"{name}.{task}"


def test_ingest_and_close_have_a_deadline(box: Box, dags: Any, tmp_path: Path) -> None:
    told = {"from": "DagRunQueuedAtDeadline", "callback": "cchc.airflow.notify.tell_deadline", "kind": "SyncCallback"}
    for name, dag in ingests(dags).items():
        source = name.removeprefix("ingest_")
        assert dag["deadlines"] == [told | {"hours": 6.0, "facts": {"hours": 6.0, "source": source}}], name
    assert dags["close_month"]["deadlines"] == [told | {"hours": 120.0, "facts": {"hours": 120.0}}]

    text = (PROJECT / "docs" / "examples" / "dutch_permits.yaml").read_text(encoding="utf-8")
    (tmp_path / "dutch_permits.yaml").write_text(f"deadline_hours: 0.5\n{text}", encoding="utf-8")
    found = box.ask("structure", environment={"CCHC_SOURCES_DIR": str(tmp_path)})
    assert [alert["hours"] for alert in found["dags"]["ingest_dutch_permits"]["deadlines"]] == [0.5]


def test_the_chain_reads_as_a_sentence(dags: Any) -> None:
    for name, dag in ingests(dags).items():
        assert list(dag["tasks"]) == CHAIN, name
        for before, after in itertools.pairwise(CHAIN):
            assert after in dag["tasks"][before]["downstream"], f"{name}: {before} >> {after}"
        assert dag["tasks"]["confirm"]["downstream"] == []
        assert dag["max_active_runs"] == 1, name
        assert {task: what["outlets"] for task, what in dag["tasks"].items() if what["outlets"]} == {"load": ["months_touched"]}
        assert {key: param["default"] for key, param in dag["params"].items()} == {"from": None, "to": None, "full": False}


def test_refresh_follows_the_touched_months(dags: Any) -> None:
    dag = dags["refresh_indicators"]
    assert dag["timetable"] == "PartitionedAssetTimetable"
    assert dag["partitioned_by"] == "months_touched"
    assert dag["partition_of"] == {"2023-05": "2023", "2022-12": "2022"}, "one run for the months of a year that a load touched"
    assert list(dag["tasks"]) == ["refresh"]
    assert dag["params"]["periods"]["default"] == []


def test_backfill_takes_one_month_after_the_other(dags: Any) -> None:
    dag = dags["backfill"]
    assert {key: dag[key] for key in FOREVER} == FOREVER
    assert dag["max_active_runs"] == 1
    assert dag["tasks"]["windows"]["downstream"] == ["ingest_month"]
    assert dag["tasks"]["ingest_month"]["most_at_once"] == 1
    assert set(dag["params"]) == {"source", "first_month", "last_month"}


def test_the_page_of_the_dags_says_what_airflow_makes_of_them(dags: Any) -> None:
    told = {dag.name: dag for dag in dag_page.dags()}
    assert set(told) == {"ingest_<source>", "ingest_<name>"} | {name for name in dags if not name.startswith("ingest_")}
    for name, dag in dags.items():
        page = told["ingest_<source>" if name.startswith("ingest_") else name]
        assert {task.name: task.words for task in page.tasks} == {task: what["doc"] or "" for task, what in dag["tasks"].items()}, name
        assert [param for param, _, _ in page.params] == list(dag["params"]), name
        if name not in ingests(dags) and dag["timetable"] == "CronTriggerTimetable":
            assert page.schedule == dag["schedule"], name
