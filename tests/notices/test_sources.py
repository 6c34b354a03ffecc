"""What goes wrong with sources is told once, with what, where, since when, who and what to do; and that it is well again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cchc.errors import SourceUnavailable
from cchc.notices.deliver import deliver
from cchc.notices.rules import Recipient
from cchc.notices.tell import report, well_again
from cchc.notices.trouble import Trouble
from cchc.period import now, parse_moment
from cchc.pipeline.ingest import ingest
from cchc.runs.lateness import oldest_allowed
from cchc.sources.connection import Connection
from tests.notices.conftest import LINKS, RULES, Hook, Office, parts, with_rules
from tests.support.bench import profile
from tests.support.deliveries import dossier, dossier_file, payment, payment_day, payment_file
from tests.support.desk import Desk

T = "2023-01-10T00:00:00+07:00"


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> Desk:
    return Desk(office.settings, tmp_path / "drop")


def test_a_blocked_file_is_told_once_and_that_it_is_well_again(office: Office, desk: Desk) -> None:
    payment_day(desk.inbox("payments"), "20230105")
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", T)
    (load,) = desk.rows("select load_id, message from ops.load where status = 'blocked'")
    office.tell(events=["load_blocked"])
    heard = office.heard()
    (text,) = heard.hook
    assert text.startswith("[Reform figures] Load or file blocked\n\ngiaodich_20230106.csv is blocked, nothing of it was loaded. Reason: ")
    assert " ".join(load["message"].split()) in text
    assert f"\nWhere: {profile('payments').name_vi} (payments)\n" in text
    assert f"\nSince: {now():%d/%m/%Y }" in text
    assert f"\nWho must act: {profile('payments').owner}\n" in text
    assert f"\nSee: https://airflow.example/cchc/loads/{load['load_id']}\n" in text
    assert text.endswith("What to do: The sender mends what the reason names and sends it again: docs/runbooks/load_blocked.md.\n")
    (mail,) = heard.mails
    assert mail.startswith(
        "[Số liệu CCHC] Tệp hoặc lần nạp bị chặn\ngiaodich_20230106.csv bị chặn, không có số liệu nào của nó được nạp. Lý do: "
    )
    assert "\nỞ đâu: " in mail and "\nTừ khi nào: " in mail and "\nAi xử lý: " in mail and "\nXem tại: https://" in mail
    assert "\nCần làm: Nơi gửi sửa" in mail
    assert "Nguyễn Văn Thử" not in text + mail, "who has paid stands in the file"

    assert office.tell(events=["load_blocked"]).sent == []
    desk.ingest("payments", "2023-01-11T00:00:00+07:00")  # the same file again: it is blocked as before
    assert office.tell(events=["load_blocked"]).sent == []

    payment_day(desk.inbox("payments"), "20230106")
    desk.ingest("payments", "2023-01-12T00:00:00+07:00")
    office.tell(events=["load_blocked"])
    heard = office.heard()
    assert [text.splitlines()[0] for text in heard.hook] == ["[Reform figures] Well again: Load or file blocked"]
    assert [text.splitlines()[0] for text in heard.mails] == ["[Số liệu CCHC] Đã ổn: Tệp hoặc lần nạp bị chặn"]
    assert "What to do" not in heard.hook[0]
    assert office.tell(events=["load_blocked"]).sent == []
    assert office.heard().hook == []


def test_a_file_that_waits_is_not_told(office: Office, desk: Desk) -> None:
    payment_day(desk.inbox("payments"), "20230106").with_suffix(".json").unlink()
    desk.ingest("payments", T)
    assert desk.rows("select status from ops.load") == [{"status": "waiting"}]
    assert office.tell(events=["load_blocked"]).sent == []


def test_a_load_that_failed_is_told_until_a_better_revision_is_there(office: Office, desk: Desk) -> None:
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", T)
    desk.execute("update ops.load set status = 'failed'")
    office.tell(events=["load_blocked"])
    assert [text.splitlines()[0] for text in office.heard().hook] == ["[Reform figures] Load or file blocked"]
    manifest = payment_file(desk.inbox("payments"), "20230106_r2", [payment(ThoiGianGD="06/01/2023 10:00:00")]).with_suffix(".json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text(encoding="utf-8")) | {"revision": 2}), encoding="utf-8")
    desk.ingest("payments", "2023-01-11T00:00:00+07:00")
    office.tell(events=["load_blocked"])
    assert [text.splitlines()[0] for text in office.heard().hook] == ["[Reform figures] Well again: Load or file blocked"]


def test_a_failed_delivery_waits_and_the_others_are_told_of_it(office: Office, desk: Desk) -> None:
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", T)
    office.mails.is_away = True
    told = office.tell(events=["load_blocked"])
    assert told.undelivered == ["office was not told of load_blocked: the mail server 127.0.0.1 refused every address: vp@example.vn"]
    blocked, lost = office.heard().hook
    assert blocked.startswith("[Reform figures] Load or file blocked\n")
    assert lost.startswith("[Reform figures] Messages could not be delivered\n\n1 messages wait. Reason: the mail server 127.0.0.1 refused")
    assert "\nWhere: recipient office (email)\n" in lost
    assert office.tell(events=["load_blocked"]).sent == []  # the webhook is not told again, and the mail server is still away
    assert desk.rows("select tries, sent_at from ops.alert_delivery where recipient = 'office'") == [{"tries": 2, "sent_at": None}]

    office.mails.is_away = False
    office.tell(events=["load_blocked"])
    heard = office.heard()
    assert [mail.splitlines()[0] for mail in heard.mails] == ["[Số liệu CCHC] Tệp hoặc lần nạp bị chặn"]
    assert [text.splitlines()[0] for text in heard.hook] == ["[Reform figures] Well again: Messages could not be delivered"]

    office.hook.status = 503
    payment_day(desk.inbox("payments"), "20230107", claimed=60_000)
    desk.ingest("payments", "2023-01-11T00:00:00+07:00")
    told = office.tell(events=["load_blocked"])
    assert told.undelivered == ["operators was not told of load_blocked: the webhook of cchc_notify answered 503"]
    assert "secret" not in str(told)
    assert [mail.splitlines()[0] for mail in office.heard().mails] == [
        "[Số liệu CCHC] Tệp hoặc lần nạp bị chặn",
        "[Số liệu CCHC] Không gửi được thông báo",
    ]


def test_what_is_well_before_anybody_was_told_is_not_told(office: Office, desk: Desk) -> None:
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", T)
    office.mails.is_away, office.hook.status = True, 500
    assert len(office.tell(events=["load_blocked"]).undelivered) == 4  # each recipient of the file, and of what the other was not told
    office.mails.is_away, office.hook.status = False, 204
    payment_day(desk.inbox("payments"), "20230106")
    desk.ingest("payments", "2023-01-11T00:00:00+07:00")
    office.tell(events=["load_blocked"])
    assert office.heard() == type(office.heard())([], [])


def test_a_reminder_comes_as_the_rules_say_and_no_sooner(office: Office, desk: Desk) -> None:
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", T)
    first = now()
    for hours in (0, 1, 71):
        office.tell(first + timedelta(hours=hours), events=["load_blocked"])
    assert len(office.heard().hook) == 1
    office.tell(first + timedelta(hours=72), events=["load_blocked"])
    assert [text.splitlines()[0] for text in office.heard().hook] == ["[Reform figures] Reminder: Load or file blocked"]
    office.tell(first + timedelta(hours=73), events=["load_blocked"])
    assert office.heard().hook == []
    payment_day(desk.inbox("payments"), "20230107", claimed=60_000)
    desk.ingest("payments", "2023-01-11T00:00:00+07:00")
    office.tell(first + timedelta(hours=144), events=["load_blocked"])  # a reminder of the one and the first word of the other
    assert [text.splitlines()[0] for text in office.heard().hook] == [
        "[Reform figures] Reminder: Load or file blocked",
        "[Reform figures] Load or file blocked",
    ]


def test_many_files_are_one_message(office: Office, desk: Desk) -> None:
    for day in range(1, 26):
        payment_day(desk.inbox("payments"), f"202301{day:02d}", claimed=60_000)
    desk.ingest("payments", "2023-02-01T00:00:00+07:00")
    office.tell(events=["load_blocked"])
    (text,) = office.heard().hook
    assert text.startswith("[Reform figures] Load or file blocked (25)\n\n1. giaodich_20230101.csv is blocked")
    assert "\n20. giaodich_20230120.csv" in text
    assert "21. " not in text
    assert "\n… and 5 more: https://airflow.example/cchc/health\n" in text


def test_a_column_that_is_gone(office: Office, desk: Desk) -> None:
    path = payment_day(desk.inbox("payments"), "20230105")
    data = path.read_bytes().replace(b"TrangThaiGD", b"TrangThai")
    path.write_bytes(data)
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    path.with_suffix(".json").write_text(json.dumps(manifest | {"sha256": hashlib.sha256(data).hexdigest()}), encoding="utf-8")
    desk.ingest("payments", T)
    office.tell(events=["column_gone", "load_blocked"])
    (told,) = office.heard().hook
    assert told.startswith(
        "[Reform figures] Column gone\n\nThe column TrangThaiGD is gone from the newest delivery of giaodich_20230105.csv; it is blocked"
    )
    office.tell(now() + timedelta(days=30), events=["column_gone", "load_blocked"])
    assert office.heard().hook == [], "the rules name no reminder of it"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (12, "of dossiers; it was loaded, and these values are empty\n"),
        (40, "of dossiers_20230611.ndjson; it is blocked, nothing of it was loaded\n"),
    ],
    ids=["of few records it is told", "of many the delivery is blocked"],
)
def test_a_field_that_is_gone(office: Office, desk: Desk, count: int, words: str) -> None:
    def finished(first: int, count: int) -> list[dict[str, object]]:
        return [dossier(f"H19.16.21-230605-{number:04d}", NgayTra="20230609110000") for number in range(first, first + count)]

    inbox = desk.inbox("one_stop")
    dossier_file(inbox, "20230610", finished(0, 100))
    desk.ingest("one_stop", "2023-06-11T00:00:00+07:00")
    without = [{name: value for name, value in each.items() if name != "NgayHenTra"} for each in finished(100, count)]
    dossier_file(inbox, "20230611", without)
    desk.ingest("one_stop", "2023-06-12T00:00:00+07:00")
    office.tell(events=["column_gone", "load_blocked"])
    (told,) = office.heard().hook
    assert told.startswith("[Reform figures] Column gone\n\nThe column NgayHenTra is gone from the newest delivery " + words)


def test_a_field_that_is_new_or_rare_is_not_gone(office: Office, desk: Desk) -> None:
    def finished(first: int, count: int, **more: str) -> list[dict[str, object]]:
        made = [dossier(f"H19.16.21-230605-{number:04d}", **more) for number in range(first, first + count)]
        return [{name: value for name, value in each.items() if value != ""} for each in made]

    inbox = desk.inbox("one_stop")
    dossier_file(inbox, "20230610", [*finished(0, 99), *finished(99, 1, NgayTra="20230609110000")])
    desk.ingest("one_stop", "2023-06-11T00:00:00+07:00")
    dossier_file(inbox, "20230611", finished(100, 12, GhiChuMoi="một trường mới"))
    desk.ingest("one_stop", "2023-06-12T00:00:00+07:00")
    assert desk.rows("select count(*) as n from ops.load_field where field = 'GhiChuMoi'") == [{"n": 1}]
    assert office.tell(events=["column_gone", "load_blocked"]).sent == []


def test_a_source_that_is_late(office: Office, desk: Desk) -> None:
    payment_file(desk.inbox("payments"), "20230109", [payment(ThoiGianGD="09/01/2023 10:00:00")])
    desk.ingest("payments", T)
    office.tell("2023-01-12T00:00:00+07:00", events=["source_late"])
    assert office.heard().hook == []
    office.tell("2023-01-12T00:01:00+07:00", events=["source_late"], is_by_clock=False)
    assert office.heard().hook == []
    office.tell("2023-01-12T00:01:00+07:00", events=["source_late"])
    heard = office.heard()
    (text,) = heard.hook
    assert text.startswith(
        "[Reform figures] Source late\n\nThe newest data are of 10/01/2023 00:00, older than the schedule allows.\nWhere: "
    )
    assert "\nSince: 12/01/2023 00:00\n" in text
    assert "`cchc doctor payments`" in text
    assert "Số liệu mới nhất đến 10/01/2023 00:00" in heard.mails[0]
    desk.ingest("payments", "2023-01-12T12:00:00+07:00")
    office.tell("2023-01-12T13:00:00+07:00", events=["source_late"])
    (text,) = office.heard().hook
    assert text.startswith("[Reform figures] Well again: Source late")
    assert "\nSince: 12/01/2023 00:00 to 12/01/2023 13:00\n" in text


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("35 1 * * *", 2),
        ("35 1 * * 1-5", 2),
        ("35 1 * * 1", 9),
        ("35 1 5 * *", 33),
        ("35 1 5 1 *", 367),
        ("35 1 * 6 *", 367),
        (None, None),
    ],
)
def test_how_old_the_data_of_a_source_may_be(schedule: str | None, days: int | None) -> None:
    allowed = oldest_allowed(replace(profile("payments"), schedule=schedule))
    assert allowed == (timedelta(days=days) if days else None)


def test_a_late_source_says_what_its_last_run_said(office: Office, desk: Desk, tmp_path: Path) -> None:
    payment_file(desk.inbox("payments"), "20230109", [payment(ThoiGianGD="09/01/2023 10:00:00")])
    desk.ingest("payments", T)
    with pytest.raises(SourceUnavailable) as away:
        ingest(
            office.settings, "payments", Connection("payments", str(tmp_path / "nowhere")), end=parse_moment("2023-01-11T00:00:00+07:00")
        )
    office.tell("2023-01-12T00:01:00+07:00", events=["source_late"])
    (text,) = office.heard().hook
    assert "older than the schedule allows. The last run: " in text
    assert str(away.value)[:40] in text


def test_a_mail_that_one_address_refuses_is_not_sent_twice(office: Office, desk: Desk, tmp_path: Path) -> None:
    with_rules(office.settings, tmp_path / "reference", RULES.replace("[vp@example.vn]", "[vp@example.vn, xa@example.vn]"))
    office.mails.refuses = {"xa@example.vn"}
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", T)
    refused = "the mail server 127.0.0.1 refused xa@example.vn; the other addresses have got the e-mail"
    assert office.tell(events=["load_blocked"]).undelivered == [f"office was not told of load_blocked: {refused}"]
    assert office.mails.recipients == [["vp@example.vn"]]
    assert office.tell(events=["load_blocked"]).sent == []
    assert len(office.mails.mails) == 1


def test_a_webhook_that_is_away_gives_no_secret_away(office: Office, desk: Desk) -> None:
    office.connections["cchc_notify"] = parts(conn_type="http", host="http://127.0.0.1:9/hook/secret")
    payment_day(desk.inbox("payments"), "20230106", claimed=60_000)
    desk.ingest("payments", T)
    assert office.tell(events=["load_blocked"]).undelivered == [
        "operators was not told of load_blocked: the webhook of cchc_notify does not answer: ConnectionError"
    ]


def test_a_webhook_in_the_parts_of_a_connection(hook: Hook) -> None:
    address = urlsplit(hook.url)
    told = parts(conn_type="http", host=address.hostname, port=address.port, schema="hook")
    deliver(Recipient("operators", "webhook", "cchc_notify", (), "en"), {"cchc_notify": told}.get, "the subject", "the text")
    assert hook.texts == ["the subject\n\nthe text"]


def test_what_airflow_reports_is_told_once_and_that_it_is_well_again(office: Office) -> None:
    def fail(task: str, run: int) -> None:
        facts = {
            "dag_id": "ingest_payments", "run_id": f"manual__{run}", "task": task, "reason": "cause " * 300, "do_en": "Mend it.",
            "do_vi": "Sửa.", "url": f"https://airflow.example/runs/{run}",
        }  # fmt: skip
        report(office.settings, Trouble("run_failed", f"ingest_payments  {task}", now(), facts, source="payments"), lookup, LINKS)

    def mend(task: str) -> None:
        well_again(office.settings, "run_failed", f"ingest_payments  {task}", lookup, LINKS)

    lookup = office.connections.get
    for run in range(3):
        fail("extract", run)
    heard = office.heard()
    (text,) = heard.hook
    assert text.startswith("[Reform figures] Run failed\n\nThe task extract has failed. Reason: cause cause ")
    assert len(text) < 1500
    assert " …\nWhere: ingest_payments, manual__" in text
    assert text.endswith("\nWho must act: the operators\nSee: https://airflow.example/runs/0\n\nWhat to do: Mend it.\n")
    assert heard.mails[0].endswith("\nCần làm: Sửa.\n")
    fail("stage", 3)
    office.tell()
    assert [text.splitlines()[0] for text in office.heard().hook] == ["[Reform figures] Run failed"]
    for _ in range(2):
        mend("extract")
        office.tell()
    assert [text.splitlines()[0] for text in office.heard().hook] == ["[Reform figures] Well again: Run failed"]
    fail("extract", 4)
    assert [text.splitlines()[0] for text in office.heard().hook] == ["[Reform figures] Run failed"], "it has failed anew"
