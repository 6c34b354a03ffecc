"""What goes wrong with sources is told once, with what, where, since when, who and what to do; and that it is well again."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from cchc.period import now
from tests.notices.conftest import Office
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
    office.tell(first + timedelta(hours=73), events=["load_blocked"])
    assert [text.splitlines()[0] for text in office.heard().hook] == ["[Reform figures] Reminder: Load or file blocked"]


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


def test_a_field_that_is_gone(office: Office, desk: Desk) -> None:
    """Of many records a delivery without the field is blocked; of few it is loaded, and that the field is gone is told all the same."""

    def finished(first: int, count: int, *, without: str | None = None) -> list[dict[str, object]]:
        made = [dossier(f"H19.16.21-230605-{number:04d}", NgayTra="20230609110000") for number in range(first, first + count)]
        return [{name: value for name, value in each.items() if name != without} for each in made]

    inbox = desk.inbox("one_stop")
    dossier_file(inbox, "20230610", finished(0, 100))
    desk.ingest("one_stop", "2023-06-11T00:00:00+07:00")
    dossier_file(inbox, "20230611", finished(100, 12, without="NgayHenTra"))
    desk.ingest("one_stop", "2023-06-12T00:00:00+07:00")
    office.tell(events=["column_gone"])
    (told,) = office.heard().hook
    assert told.startswith(
        "[Reform figures] Column gone\n\nThe column NgayHenTra is gone from the newest delivery of dossiers; it was loaded, "
    )
    dossier_file(inbox, "20230612", finished(200, 40, without="NgayHenTra"))
    desk.ingest("one_stop", "2023-06-13T00:00:00+07:00")
    office.tell(events=["column_gone", "load_blocked"])
    (told,) = office.heard().hook
    assert told.startswith(
        "[Reform figures] Column gone\n\nThe column NgayHenTra is gone from the newest delivery of dossiers_20230612.ndjson; it is blocked"
    )


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
