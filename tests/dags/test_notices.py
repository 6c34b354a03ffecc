"""What Airflow reports: failed tasks, late runs, approvals, once each. A failure to tell it does not hide the first error."""

from __future__ import annotations

import logging
import re
import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cchc import errors
from cchc.airflow import notify
from cchc.airflow.defaults import deadline
from cchc.notices.state import Waiting
from cchc.notices.tell import report
from cchc.notices.trouble import Trouble
from cchc.notices.words import render
from cchc.period import now
from cchc.settings import VINH_CUU, Settings
from cchc.sources.connection import Parts
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
    """What was reported, as an English message, in place of a warehouse and a webhook."""
    messages: list[str] = []

    def keep(trouble: Trouble) -> None:
        message = render([Waiting(1, "operators", "opened", trouble.event, trouble, None)], "en", None)
        messages.append(f"{message.subject}\n{message.text}")

    monkeypatch.setattr(notify, "_report", keep)
    monkeypatch.setattr(notify, "_told_as_blocked", lambda source: False)
    return messages


def subjects(webhook: Webhook) -> list[str]:
    """The first line of each message since the last time."""
    found = [text.splitlines()[0].removeprefix("[Số liệu CCHC] ") for text in webhook.texts]
    webhook.texts.clear()
    return found


def test_a_blocked_file_is_told_once_and_keeps_its_error(
    box: Box, installed: dict[str, str], warehouse: Settings, tmp_path: Path, webhook: Webhook
) -> None:
    payment_day(tmp_path / "drop", "20230106", claimed=60_000)
    variables = broken(installed, "payments", host=str(tmp_path / "drop")) | webhook.connection
    done = box.run("ingest_payments", {"to": CLOCK}, **variables)
    assert done["tasks"]["confirm"] == "failed"
    assert done["errors"]["confirm"].startswith("LoadBlocked: payments giaodich_20230106.csv")
    (text,) = webhook.texts
    assert text.startswith(
        "[Số liệu CCHC] Tệp hoặc lần nạp bị chặn\n\ngiaodich_20230106.csv bị chặn, không có số liệu nào của nó được nạp. Lý do: payments"
    )
    assert "\nXem tại: http://127.0.0.1:1/cchc/loads/" in text
    webhook.texts.clear()

    assert box.run("ingest_payments", {"to": "2024-01-03T00:00:00+07:00"}, **variables)["tasks"]["confirm"] == "success"
    assert box.run("alerts", None, None, **variables | {"CCHC_SCHEDULE": "off"})["tasks"] == {"tell": "success"}
    assert subjects(webhook) == []  # the same file is judged once, and stays blocked: that is neither new nor well again

    payment_day(tmp_path / "drop", "20230106")
    assert box.run("ingest_payments", {"to": "2024-01-04T00:00:00+07:00"}, **variables)["state"] == "success"
    done = box.run("alerts", None, None, **variables | {"CCHC_SCHEDULE": "off"})
    assert done["results"]["tell"] == ["operators: [Số liệu CCHC] Đã ổn: Tệp hoặc lần nạp bị chặn"]
    assert subjects(webhook) == ["Đã ổn: Tệp hoặc lần nạp bị chặn"]


def test_the_trial_of_the_runbook(box: Box, installed: dict[str, str], warehouse: Settings, webhook: Webhook) -> None:
    variables = installed | webhook.connection
    for _ in range(2):
        done = box.run("ingest_survey", {"from": "2024-01-02", "to": "2024-01-01"}, **variables)
        assert done["tasks"]["open_window"] == "failed"
        assert set(done["tasks"].values()) == {"failed", "upstream_failed"}
    (text,) = webhook.texts  # the second failure is the same trouble
    assert text.startswith(
        "[Số liệu CCHC] Lượt chạy bị lỗi\n\nBước open_window bị lỗi. Lý do: WrongUse: the window [2024-01-02T00:00:00+07:00, "
    )
    assert "\nỞ đâu: ingest_survey, manual__" in text
    assert "\nXem tại: http://127.0.0.1:1/dags/ingest_survey/runs/manual__" in text
    assert text.endswith("\nCần làm: Sửa tham số của lượt chạy, rồi chạy lại.\n")
    assert rows_of(warehouse, "select 1 from ops.extract") == []
    webhook.texts.clear()
    box.run("ingest_survey", {"to": CLOCK}, **variables)
    assert subjects(webhook) == ["Đã ổn: Lượt chạy bị lỗi"]


def test_a_failed_check_of_many_names_its_source(box: Box, installed: dict[str, str], webhook: Webhook) -> None:
    done = box.run(
        "check_connections", None, None, **broken(installed, "documents", host="http://127.0.0.1:9/documents"), **webhook.connection
    )
    assert sorted(done["tasks"].values()).count("failed") == 1
    (text,) = webhook.texts
    assert "\n\nBước check[" in text
    assert " bị lỗi. Lý do: SourceUnavailable: documents" in text
    assert "`cchc doctor documents`" in text


@pytest.mark.parametrize("host", ["http://127.0.0.1:9/nobody", "no address", ""], ids=["away", "no URL", "empty"])
def test_a_webhook_that_is_away_hides_nothing(box: Box, installed: dict[str, str], warehouse: Settings, tmp_path: Path, host: str) -> None:
    payment_day(tmp_path / "drop", "20230106", claimed=60_000)
    variables = broken(installed, "payments", host=str(tmp_path / "drop")) | Webhook.connection_to(host)
    done = box.run("ingest_payments", {"to": CLOCK}, **variables)
    assert {task: state for task, state in done["tasks"].items() if state != "success"} == {"confirm": "failed"}
    assert done["errors"]["confirm"].startswith("LoadBlocked: payments giaodich_20230106.csv")
    events = rows_of(warehouse, "select event from ops.alert where ended_at is null and event = 'load_blocked'")
    assert len(events) == 1, "what nobody was told is remembered"


def test_an_approval_that_waits_is_told(box: Box, installed: dict[str, str], warehouse: Settings, tmp_path: Path, webhook: Webhook) -> None:
    variables = installed | webhook.connection
    assert box.run("ingest_survey", {"to": CLOCK}, **variables)["state"] == "success"
    webhook.texts.clear()
    shutil.copytree(VINH_CUU, tmp_path / "reference")
    done = box.close("2023-12", variables, answer={"chosen": "Reject"}, reference=tmp_path / "reference")
    assert done["state"] == "success", done
    waits, over = webhook.texts
    assert waits.startswith(
        "[Số liệu CCHC] Chờ phê duyệt công bố\n\nKỳ tháng 12/2023 chờ phê duyệt để công bố\nỞ đâu: close_month, manual__"
    )
    assert "\nAi xử lý: người phê duyệt số liệu\nXem tại: http://127.0.0.1:1/dags/close_month/runs/manual__" in waits
    assert over.startswith("[Số liệu CCHC] Đã ổn: Chờ phê duyệt công bố")


def test_a_late_run_that_has_ended_is_well_again(box: Box, installed: dict[str, str], warehouse: Settings, webhook: Webhook) -> None:
    variables = installed | webhook.connection | {"CCHC_SCHEDULE": "off"}
    box.run("ingest_survey", {"from": "2024-01-02", "to": "2024-01-01"}, **variables)
    (run_id,) = re.findall(r"Ở đâu: ingest_survey, (\S+)", webhook.texts[0])
    hook = Parts(conn_type="http", host=f"{webhook.url}/hook", login=None, password=None, schema=None, port=None, extra={})
    facts = {"dag_id": "ingest_survey", "run_id": run_id, "state": "running", "hours": 6, "deadline": CLOCK, "url": None}
    report(warehouse, Trouble("deadline_passed", f"ingest_survey {run_id}", now(), facts, source="survey"), lambda name: hook)
    box.run("alerts", None, None, **variables)
    assert subjects(webhook) == ["Lượt chạy bị lỗi", "Quá hạn hoàn thành", "Đã ổn: Quá hạn hoàn thành"]


def test_without_a_warehouse_a_failure_is_told_all_the_same(box: Box, installed: dict[str, str], webhook: Webhook) -> None:
    away = {"CCHC_WAREHOUSE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/nothing"}
    done = box.run("ingest_survey", {"to": CLOCK}, **installed | webhook.connection | away)
    assert done["tasks"]["open_window"] == "failed"
    (text,) = webhook.texts
    assert text.startswith("[Số liệu CCHC] Lượt chạy bị lỗi\n\nBước open_window bị lỗi. Lý do: WarehouseUnavailable: ")
    assert "Kiểm tra PostgreSQL có chạy không" in text


def test_a_fault_in_the_callback_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        notify.tell_failure({"exception": ValueError("x")})  # a context without its task
    assert "the failure of the task was not told" in caplog.text
    assert "KeyError" in caplog.text


def test_a_class_of_error_has_its_advice(told: list[str]) -> None:
    of_a_task = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CchcError)]
    of_a_task.remove(errors.CchcError)
    assert {kind for kind, _, _ in notify.ADVICE} == set(of_a_task), "say what to do about it in cchc.airflow.notify.ADVICE"
    for kind in of_a_task:
        notify.tell_failure(failed(kind("what was wrong")))
        assert f"{kind.__name__}: what was wrong.\n" in told[-1]
        assert "\nWhat to do: " in told[-1]
        assert notify.OTHERWISE[0] not in told[-1]
        assert "{source}" not in told[-1]


def test_words_of_other_errors_are_not_sent(told: list[str]) -> None:
    """A database's own words may hold a record; only its type leaves the house."""
    notify.tell_failure(failed(ValueError("Key (citizen)=(Nguyễn Văn Giả) already exists")))
    assert "Giả" not in told[-1]
    assert "ValueError; the log of the task has the details.\n" in told[-1]
    notify.tell_failure(failed(None))
    assert "it was killed, or its process ended without a word.\n" in told[-1]
    notify.tell_failure(failed(errors.LoadBlocked("line one\nline two" + "x" * 5000)))
    assert "LoadBlocked: line one line two" in told[-1]
    assert len(told[-1]) < 2000


@pytest.mark.parametrize(
    ("context", "source"),
    [
        (failed(None), "one_stop"),
        (failed(None, "check_connections", source="survey"), "survey"),
        (failed(None, "backfill", params={"source": "payments"}), "payments"),
        (failed(None, "close_month", params={"period": "2023-06"}), None),
    ],
)
def test_the_source_of_a_task(context: dict[str, Any], source: str | None) -> None:
    trouble = notify.failure(context)
    assert trouble.source == source
    assert f"({f'source {source}' if source else 'no single source'})" in notify.failure_text(context)


def test_what_failed_is_the_same_trouble_whichever_run_it_was() -> None:
    first, other = failed(None), failed(None)
    other["ti"].run_id = "manual__2"
    assert notify.failure(first).subject == notify.failure(other).subject
    assert notify.failure(failed(None, task_id="stage")).subject != notify.failure(first).subject
    of_june, of_july = (failed(None, "refresh", dag_run=SimpleNamespace(partition_key=month)) for month in ("2023-06", "2023-07"))
    assert notify.failure(of_june).subject != notify.failure(of_july).subject
    june, july = (failed(None, "close_month", params={"period": period}) for period in ("2023-06", "2023-07"))
    assert notify.failure(june).subject != notify.failure(july).subject


def test_a_run_that_is_late_is_told_and_one_that_has_ended_is_not(told: list[str]) -> None:
    notify.tell_deadline(late("failed"), hours=120)
    notify.tell_deadline(late("success"), hours=120)
    assert told == []
    notify.tell_deadline(late("running"), hours=120)
    assert told[-1].startswith(
        "[Reform figures] Deadline passed\nThe run is running and not done 120 hours after it was queued (deadline 10/01/2024 06:00). It goes on\n"
        "Where: close_month, scheduled__2024-01-05\nSince: 10/01/2024 06:00\n"
    )


def test_a_deadline_is_counted_in_hours() -> None:
    assert deadline(6, "survey").interval == timedelta(hours=6)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> tuple[list[Trouble], list[tuple[str, str]]]:
    """What was reported, and what was said to have ended, in place of a warehouse."""
    opened: list[Trouble] = []
    ended: list[tuple[str, str]] = []
    monkeypatch.setattr(notify, "_report", opened.append)
    monkeypatch.setattr(notify, "_end", lambda event, subject: ended.append((event, subject)))
    return opened, ended


def test_a_run_that_is_late_is_well_again_when_it_has_ended(
    kept: tuple[list[Trouble], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = {"one": "running", "two": "queued", "three": "failed", "four": "success"}
    opened, ended = kept
    for run_id in states:
        context = late("running")
        context["dag_run"]["dag_run_id"] = run_id
        notify.tell_deadline(context, hours=120)
    assert [trouble.event for trouble in opened] == ["deadline_passed"] * 4
    assert len({trouble.subject for trouble in opened}) == 4, "each run is late by itself"
    monkeypatch.setattr("cchc.notices.open_alerts.open_facts", lambda settings, event: [(each.subject, each.facts) for each in opened])
    monkeypatch.setattr(RuntimeTaskInstance, "get_dagrun_state", lambda dag_id, run_id: states[run_id])
    notify._end_deadlines(Settings.load())
    assert ended == [("deadline_passed", "close_month three"), ("deadline_passed", "close_month four")]


@pytest.mark.parametrize("tell", [notify.tell_success, notify.tell_failure], ids=["approved", "rejected"])
def test_an_approval_is_one_of_its_period_and_ends_with_the_task(
    kept: tuple[list[Trouble], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch, tell: Any
) -> None:
    opened, ended = kept
    monkeypatch.setattr("cchc.notices.open_alerts.open_subjects", lambda settings, event, subjects: [])
    notify.ApprovalNotice().notify(failed(None, "close_month", "approval", params={"period": "2023-06"}))
    assert [(trouble.event, trouble.subject) for trouble in opened] == [("approval_waiting", "2023-06")]
    for task in ("coverage", "approval"):
        assert ended == []
        tell(failed(None, "close_month", task, params={"period": "2023-06"}))
    assert ended == [("approval_waiting", "2023-06")]


def test_only_a_blocked_load_is_told_as_such(kept: tuple[list[Trouble], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    opened, _ = kept
    monkeypatch.setattr(notify, "_told_as_blocked", lambda source: True)
    notify.tell_failure(failed(errors.LoadBlocked("the amounts differ")))
    assert opened == []
    notify.tell_failure(failed(errors.SourceUnavailable("away")))
    assert [trouble.event for trouble in opened] == ["run_failed"]


def test_a_task_that_succeeds_ends_what_was_told_of_it(
    kept: tuple[list[Trouble], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, ended = kept
    of_june = {"dag_run": SimpleNamespace(partition_key="2023-06")}
    notify.tell_failure(failed(errors.WarehouseUnavailable("away"), "refresh_indicators", "refresh", **of_june))
    others = ["refresh_indicators 2023-07 refresh", "refresh_indicators 2023-06 other"]
    monkeypatch.setattr(
        "cchc.notices.open_alerts.open_subjects",
        lambda settings, event, subjects: [each for each in [opened[0].subject, *others] if each in subjects],
    )
    notify.tell_success(failed(None, "refresh_indicators", "refresh", **of_june))
    assert ended == [("run_failed", "refresh_indicators 2023-06 refresh")]
