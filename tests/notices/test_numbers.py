"""What goes wrong with the numbers is told from the state of a warehouse in which dossiers were loaded, counted, published and corrected."""

from __future__ import annotations

import pytest

from cchc.period import parse_period
from cchc.pipeline.close import close
from cchc.settings import Settings
from tests.notices.conftest import Hook, Office, with_rules
from tests.support.deliveries import dossier, dossier_file
from tests.support.desk import Desk
from tests.support.smtp import Mailbox

UNIT, NAME = "H19.16.21", "Thị trấn Vĩnh An"
RATE = "dossier_on_time_rate"


def finished(first: int, count: int, month: int, *, is_late: bool) -> list[dict[str, object]]:
    """Dossiers that were received, due and finished in a month of 2023."""
    day = "12" if is_late else "09"
    return [
        dossier(
            f"{UNIT}-23{month:02d}05-{number:04d}",
            NgayTiepNhan=f"2023{month:02d}05080000",
            NgayHenTra=f"2023{month:02d}10170000",
            NgayKetThucXuLy=f"2023{month:02d}{day}100000",
            NgaySuaCuoi=f"2023{month:02d}{day}100000",
        )
        for number in range(first, first + count)
    ]


@pytest.fixture
def desk(warehouse: Settings, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A warehouse that has June, in which everything was in time."""
    made = Desk(warehouse, tmp_path_factory.mktemp("drop"))
    dossier_file(made.inbox("one_stop"), "20230701", finished(1, 30, 6, is_late=False))
    made.ingest("one_stop", "2023-07-01T00:00:00+07:00")
    made.settle("2023-06")
    return made


@pytest.fixture
def at(desk: Desk, hook: Hook, mails: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The office of that warehouse."""
    return Office(with_rules(desk.settings, tmp_path_factory.mktemp("rules") / "reference"), hook, mails)


def first_lines(at: Office) -> list[str]:
    """The subjects that the webhook has got."""
    return [text.splitlines()[0].removeprefix("[Reform figures] ") for text in at.heard().hook]


def test_the_story(desk: Desk, at: Office) -> None:
    """One story, because each part of it needs what the one before has left: a month that is waited for, closed, followed by a bad one, and
    known otherwise later."""
    _what_is_missing_before_the_closing(desk, at)
    _a_target_that_turns(desk, at)
    _a_unit_that_will_miss(desk, at)
    _a_published_month_that_is_known_otherwise(desk, at)
    _met_again(desk, at)


def _what_is_missing_before_the_closing(desk: Desk, at: Office) -> None:
    def told(moment: str) -> list[str]:
        at.tell(moment, events=["coverage_missing"])
        return at.heard().hook

    assert told("2023-07-02T23:59:00+07:00") == []
    at.tell("2023-07-03T00:00:00+07:00", events=["coverage_missing"], is_by_clock=False)
    assert at.heard().hook == []
    (text,) = told("2023-07-03T00:00:00+07:00")
    assert text.startswith("[Reform figures] Data missing before the closing day (")
    assert ". Period 2023-06, closed on 2023-07-05: Văn phòng HĐND và UBND huyện has sent no " in text
    assert (
        "Where: Phòng Nội vụ (H19.16.2)\nSince: 03/07/2023 00:00\nWho must act: Phòng Nội vụ\n"
        "See: https://airflow.example/cchc/health?period=2023-06\n"
    ) in text
    silent = {row["u"] for row in desk.rows("select unit_code as u from ops.alert where facts ->> 'coverage' = 'dossiers'")}
    assert "H19.16.22" in silent
    assert UNIT not in silent
    assert told("2023-07-04T00:00:00+07:00") == []
    close(desk.settings, parse_period("2023-06"), "a person", incomplete=True)
    (text,) = told("2023-07-06T00:00:00+07:00")
    assert text.startswith("[Reform figures] Well again: Data missing before the closing day (")
    (text,) = told("2023-08-04T00:00:00+07:00")  # the month that is to be closed next; the source has not come so far either
    assert "Period 2023-07, closed on 2023-08-05: source " in text
    assert " is known only until 01/07/2023 00:00, not to the end of the period" in text


def _a_target_that_turns(desk: Desk, at: Office) -> None:
    at.tell(events=["target_missed"])
    assert first_lines(at) == []
    dossier_file(desk.inbox("one_stop"), "20230801", [*finished(1, 5, 7, is_late=False), *finished(100, 35, 7, is_late=True)])
    desk.ingest("one_stop", "2023-08-01T00:00:00+07:00")
    desk.settle("2023-06", "2023-07")
    june, july = (desk.value(RATE, period, UNIT, "year_to_date") for period in ("2023-06", "2023-07"))
    assert (june["status"], july["status"]) == ("met", "missed")
    at.tell(events=["target_missed"])
    heard = at.heard()
    (text,) = heard.hook
    (target,) = desk.rows(
        "select target_no, lead_agency from core.plan_target where indicator_code = :i and level in ('all', 'commune') and ended_at is null",
        i=RATE,
    )
    assert f"Target {target['target_no']} " in text
    assert " is missed: 50.00 % (target 96.00 %, 33 missing), year to date 2023-07; it was met in 2023-06 with 100.00 %\n" in text
    assert (
        f"Where: {NAME} ({UNIT})\nSince: 01/07/2023 00:00\nWho must act: {target['lead_agency']}\n"
        f"See: https://airflow.example/cchc/indicators/{RATE}?period=2023-07&scope={UNIT}\n"
    ) in text
    assert "chưa đạt, 50,00 % (mục tiêu 96,00 %, còn thiếu 33), lũy kế đến 2023-07; kỳ 2023-06 còn đạt, 100,00 %" in heard.mails[0]
    at.tell(events=["target_missed"])
    assert first_lines(at) == []


def _a_unit_that_will_miss(desk: Desk, at: Office) -> None:
    at.tell(events=["outlook_miss"])
    heard = at.heard()
    (text,) = heard.hook
    assert " will probably be missed in 2023: expected 5" in text
    assert f"\nWhere: {NAME} ({UNIT})\nSince: 01/08/2023 00:00\n" in text
    assert "gần như chắc chắn không đạt năm 2023; dự báo cuối năm " in heard.mails[0]
    at.tell(events=["outlook_miss"])
    assert first_lines(at) == []


def _a_published_month_that_is_known_otherwise(desk: Desk, at: Office) -> None:
    dossier_file(desk.inbox("one_stop"), "20230802", finished(9000, 3, 6, is_late=True))
    desk.ingest("one_stop", "2023-08-02T00:00:00+07:00")
    desk.settle("2023-06", "2023-07")
    at.tell(events=["restatement"])
    heard = at.heard()
    (text,) = heard.hook
    (found,) = desk.rows("select count(*) as n, min(publication_id) as p from mart.restatement where state = 'open'")
    assert text.startswith(
        f"[Reform figures] Published figures have changed\n\n{found['n']} figures differ from edition 1\nWhere: period 2023-06\nSince: "
    )
    assert f"\nSee: https://airflow.example/cchc/publications/{found['p']}\n" in text
    assert f"{found['n']} số liệu khác với lần công bố 1" in heard.mails[0]
    close(desk.settings, parse_period("2023-06"), "a person", incomplete=True)
    at.tell(events=["restatement"])
    assert first_lines(at) == ["Well again: Published figures have changed"]
    at.tell(events=["target_missed"])
    assert first_lines(at) == [], "June is missed, too, since it is known otherwise: the target is not met again"


def _met_again(desk: Desk, at: Office) -> None:
    dossier_file(desk.inbox("one_stop"), "20230901", finished(1, 2000, 8, is_late=False))
    desk.ingest("one_stop", "2023-09-01T00:00:00+07:00")
    desk.settle("2023-08")
    assert desk.value(RATE, "2023-08", UNIT, "year_to_date")["status"] == "met"
    at.tell(events=["target_missed", "outlook_miss"])
    told = first_lines(at)
    assert any(line.startswith("Well again: Target turned from met to missed") for line in told)
    assert any(line.startswith("Well again: A target of the year will probably be missed") for line in told)
