"""Notices about failed tasks and late runs: one sentence with what to do. A failure to send a notice does not hide the first error."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cchc import errors
from cchc.airflow import notify
from cchc.settings import Settings
from tests.dags.conftest import Box, broken
from tests.dags.webhook import Webhook, webhook
from tests.support.deliveries import payment_day
from tests.support.district import CLOCK
from tests.support.warehouse import rows_of

__all__ = ["webhook"]


def failed(error: object, dag_id: str = "ingest_one_stop", task_id: str = "extract", **more: Any) -> dict[str, Any]:
    """Airflow's context of a task that has failed."""
    return {"ti": SimpleNamespace(dag_id=dag_id, task_id=task_id, run_id="manual__1", map_index=-1), "exception": error, **more}


def late(state: str) -> dict[str, Any]:
    """Airflow's context of a run whose deadline has passed."""
    run = {"dag_id": "close_month", "dag_run_id": "scheduled__2024-01-05", "state": state}
    return {"dag_run": run, "deadline": {"deadline_time": "2024-01-10T06:00:00+07:00"}}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was told, in place of a webhook."""
    messages: list[str] = []
    monkeypatch.setattr(notify, "tell", lambda message, level=logging.INFO: bool(messages.append(message)))  # type: ignore[func-returns-value]
    return messages


def test_a_failed_task_is_told_and_keeps_its_own_error(
    box: Box, installed: dict[str, str], warehouse: Settings, tmp_path: Path, webhook: Webhook
) -> None:
    payment_day(tmp_path / "drop", "20230106", claimed=60_000)
    variables = broken(installed, "payments", host=str(tmp_path / "drop")) | webhook.connection
    done = box.run("ingest_payments", {"to": CLOCK}, **variables)
    assert done["tasks"]["confirm"] == "failed"
    assert done["errors"]["confirm"].startswith("LoadBlocked: payments giaodich_20230106.csv")
    (text,) = webhook.texts
    assert text.startswith("ingest_payments: the task confirm of the run manual__")
    assert "(source payments) has failed: LoadBlocked: payments giaodich_20230106.csv" in text
    assert text.endswith("What to do: Follow docs/runbooks/load_blocked.md.")


def test_the_trial_of_the_runbook(box: Box, installed: dict[str, str], warehouse: Settings, webhook: Webhook) -> None:
    done = box.run("ingest_survey", {"from": "2024-01-02", "to": "2024-01-01"}, **installed, **webhook.connection)
    assert done["tasks"]["open_window"] == "failed"
    assert set(done["tasks"].values()) == {"failed", "upstream_failed"}
    (text,) = webhook.texts
    assert "the task open_window of the run" in text
    assert "WrongUse: the window [2024-01-02T00:00:00+07:00, 2024-01-01T00:00:00+07:00) is empty." in text
    assert rows_of(warehouse, "select 1 from ops.extract") == []


def test_a_failed_check_of_many_names_its_source(box: Box, installed: dict[str, str], webhook: Webhook) -> None:
    done = box.run(
        "check_connections", None, None, **broken(installed, "documents", host="http://127.0.0.1:9/documents"), **webhook.connection
    )
    assert sorted(done["tasks"].values()).count("failed") == 1
    (text,) = webhook.texts
    assert text.startswith("check_connections: the task check[")
    assert "(source documents) has failed: SourceUnavailable: documents" in text
    assert "`cchc doctor documents`" in text


@pytest.mark.parametrize("host", ["http://127.0.0.1:9/nobody", "no address", ""], ids=["away", "no URL", "empty"])
def test_a_webhook_that_is_away_hides_nothing(box: Box, installed: dict[str, str], tmp_path: Path, host: str) -> None:
    payment_day(tmp_path / "drop", "20230106", claimed=60_000)
    variables = broken(installed, "payments", host=str(tmp_path / "drop")) | Webhook.connection_to(host)
    done = box.run("ingest_payments", {"to": CLOCK}, **variables)
    assert {task: state for task, state in done["tasks"].items() if state != "success"} == {"confirm": "failed"}
    assert done["errors"]["confirm"].startswith("LoadBlocked: payments giaodich_20230106.csv")


def test_a_fault_in_the_callback_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        notify.tell_failure({"exception": ValueError("x")})  # a context without its task
    assert "the failure of the task was not told" in caplog.text
    assert "KeyError" in caplog.text


def test_a_class_of_error_has_its_advice(told: list[str]) -> None:
    of_a_task = [kind for kind in errors.CchcError.__subclasses__() if kind.__module__ == "cchc.errors"]
    assert {kind for kind, _ in notify.ADVICE} == set(of_a_task), "say what to do about it in cchc.airflow.notify.ADVICE"
    for kind in of_a_task:
        notify.tell_failure(failed(kind("what was wrong")))
        assert f"{kind.__name__}: what was wrong. What to do: " in told[-1]
        assert notify.OTHERWISE not in told[-1]
        assert "{source}" not in told[-1]


def test_words_of_other_errors_are_not_sent(told: list[str]) -> None:
    """A database's own words may hold a record; only its type leaves the house."""
    notify.tell_failure(failed(ValueError("Key (citizen)=(Nguyễn Văn Giả) already exists")))
    assert "Giả" not in told[-1]
    assert "ValueError; the log of the task has the details. What to do: " in told[-1]
    notify.tell_failure(failed(None))
    assert "it was killed, or its process ended without a word. What to do: " in told[-1]
    notify.tell_failure(failed(errors.LoadBlocked("line one\nline two" + "x" * 5000)))
    assert "LoadBlocked: line one line two" in told[-1]
    assert "\n" not in told[-1]
    assert len(told[-1]) < 1500


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (failed(None), "(source one_stop)"),
        (failed(None, "check_connections", source="survey"), "(source survey)"),
        (failed(None, "backfill", params={"source": "payments"}), "(source payments)"),
        (failed(None, "close_month", params={"period": "2023-06"}), "(no single source)"),
    ],
)
def test_the_source_of_a_task(told: list[str], context: dict[str, Any], words: str) -> None:
    notify.tell_failure(context)
    assert words in told[-1]


def test_a_run_that_is_late_is_told_and_one_that_has_ended_is_not(told: list[str]) -> None:
    notify.tell_deadline(late("failed"), hours=120)
    notify.tell_deadline(late("success"), hours=120)
    assert told == []
    notify.tell_deadline(late("running"), hours=120)
    assert told[-1].startswith(
        "close_month: the run scheduled__2024-01-05 (no single source) is running and not done at its deadline 2024-01-10T06:00:00+07:00, "
        "120 hours after it was queued. It goes on. What to do: "
    )
    notify.tell_deadline(late("queued"), hours=6, source="payments")
    assert "(source payments)" in told[-1]
    assert "`cchc doctor payments`" in told[-1]
