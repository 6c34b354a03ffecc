"""What goes wrong with the numbers is told from the state of a warehouse in which dossiers were loaded, counted, published and corrected."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text as statement

from cchc.notices import find_numbers
from cchc.notices.tell import report
from cchc.notices.trouble import Trouble
from cchc.period import now, parse_moment, parse_period
from cchc.pipeline.close import close
from cchc.pipeline.ingest import ingest
from cchc.publication.readiness import readiness
from cchc.settings import Settings
from cchc.sources.connection import Connection
from cchc.warehouse import engine
from tests.notices.conftest import LINKS, RULES, Hook, Office, with_rules
from tests.support.deliveries import dossier, dossier_file, payment, payment_file
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
    assert " is known only until " not in text, "the dossiers are known to the end of June"
    levels = desk.rows("select distinct level from ops.alert where unit_code = 'H19.16.2'")
    assert levels == [{"level": "district"}]
    told_of = desk.rows("select facts ->> 'coverage' as code, facts ->> 'unit_name' as name from ops.alert where unit_code is not null")
    missing = readiness(desk.settings, parse_period("2023-06")).missing
    assert {(row["code"], row["name"]) for row in told_of} == {(code, name) for code, names in missing.items() for name in names}
    assert told("2023-07-04T00:00:00+07:00") == []
    assert told("2023-08-01T00:00:00+07:00") == [], "it is still not published, whatever the month"
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
    of_june, of_july = (
        "basis = 'year_to_date' and period_kind = 'month' and period_start = '2023-06-01'".replace("06", m) for m in ("06", "07")
    )
    change = "update mart.indicator_value set {} where {}"
    turned = [(f"{RATE} {scope}", 1) for scope in (UNIT, "all", "level:commune")]
    assert turned_if(desk, "select 1") == turned
    assert turned_if(desk, change.format("period_start = '2022-07-01', period_end = '2022-08-01'", of_june)) == turned
    assert turned_if(desk, change.format("period_start = '2022-06-01', period_end = '2022-07-01'", of_june)) == []
    assert turned_if(desk, change.format("period_start = '2023-08-01', period_end = '2023-09-01'", of_july)) == [], "August is not over"
    assert turned_if(desk, change.format("status = 'on_pace'", f"{of_june} and status = 'met'")) == turned
    assert turned_if(desk, change.format("status = 'behind'", f"{of_july} and status = 'missed'")) == turned
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


def turned_if(desk: Desk, change: str) -> list[tuple[str, int]]:
    """What would have turned, and how often it would be told, were the values other ones; the change is taken back."""
    with engine(desk.settings).connect() as connection:
        connection.execute(statement(change))
        found = [f"{trouble.facts['indicator']} {trouble.unit}" for trouble in find_numbers.turned_targets(connection)]
    return [(each, found.count(each)) for each in sorted(set(found))]


def _a_unit_that_will_miss(desk: Desk, at: Office) -> None:
    with engine(desk.settings).connect() as connection:  # taken back; without July, the newest month that is over is June
        connection.execute(statement("update mart.indicator_value set period_start = '2023-08-01' where period_start = '2023-07-01'"))
        connection.execute(statement("update mart.indicator_value set period_end = '2023-09-01' where period_start = '2023-08-01'"))
        assert {each.facts["period"] for each in find_numbers.outlook_misses(connection, desk.settings)} <= {"2023-06"}
    at.tell(events=["outlook_miss"])
    heard = at.heard()
    (text,) = heard.hook
    assert " will probably be missed in 2023: expected 5" in text
    assert f"\nWhere: {NAME} ({UNIT})\nSince: 01/08/2023 00:00\n" in text
    named = desk.rows("select distinct unit_code from ops.alert where event = 'outlook_miss'")
    assert named == [{"unit_code": UNIT}], "the district and its levels are no units"
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
    with engine(desk.settings).connect() as connection:  # taken back
        connection.execute(statement("update mart.restatement set state = 'withdrawn'"))
        assert list(find_numbers.restatements(connection)) == []
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
    at.tell("2023-09-01T01:00:00+07:00", events=["target_missed", "outlook_miss"])
    told = first_lines(at)
    assert any(line.startswith("Well again: Target turned from met to missed") for line in told)
    assert any(line.startswith("Well again: A target of the year will probably be missed") for line in told)


def test_a_closing_of_the_next_month_that_is_near(office: Office, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With more days before the closing than the month has by then, the closing is one of the month after."""
    desk = Desk(office.settings, tmp_path_factory.mktemp("drop"))
    payment_file(desk.inbox("payments"), "20230609", [payment(ThoiGianGD="09/06/2023 10:00:00")])
    desk.ingest("payments", "2023-06-10T00:00:00+07:00")
    with_rules(office.settings, office.settings.authority_dir, RULES.replace("days_before_closing: 2", "days_before_closing: 9"))
    office.tell("2023-06-25T23:59:00+07:00", events=["coverage_missing"])
    assert "Period 2023-06" not in "".join(office.heard().hook)
    office.tell("2023-06-26T00:00:00+07:00", events=["coverage_missing"])
    (text,) = office.heard().hook
    assert "Period 2023-06, closed on 2023-07-05: source " in text


def test_a_hole_before_the_closing_is_told(office: Office, tmp_path_factory: pytest.TempPathFactory) -> None:
    desk = Desk(office.settings, tmp_path_factory.mktemp("drop"))
    payment_file(desk.inbox("payments"), "20230609", [payment(ThoiGianGD="09/06/2023 10:00:00")])
    start, end = (parse_moment(f"2023-06-{day}T00:00:00+07:00") for day in (20, 30))
    ingest(office.settings, "payments", Connection("payments", str(desk.inbox("payments"))), start=start, end=end)
    office.tell("2023-07-03T00:00:00+07:00", events=["coverage_missing"])
    (text,) = office.heard().hook
    assert "Period 2023-06, closed on 2023-07-05: data are missing (payments: chưa trích xuất các thay đổi trước 20/06/2023 00:00; " in text


def test_the_outlook_of_a_year_ends_with_the_year(office: Office) -> None:
    facts = {
        "indicator": RATE, "name_vi": "Tỷ lệ", "name_en": "Rate", "target_no": "1", "unit": UNIT, "unit_name": NAME, "period": "2023-12",
        "year": 2023, "who": None, "expected": 50.0, "target": 96.0, "words_vi": "Khó đạt", "probability": 0.0,
    }  # fmt: skip
    for end, told in (
        ("2023-12-31T23:59:00+07:00", ["Well again: A target of the year will probably be missed"]),
        ("2024-01-01T00:00:00+07:00", []),
    ):
        trouble = Trouble("outlook_miss", f"2023 {end}", parse_moment("2023-12-01T00:00:00+07:00"), facts, unit=UNIT, level="commune")
        report(office.settings, trouble, office.connections.get, LINKS)
        Desk(office.settings, office.settings.home).execute("update ops.alert set is_reported = false")  # it is looked for in the warehouse
        assert first_lines(office) == ["A target of the year will probably be missed"]
        office.tell(end, events=["outlook_miss"])
        assert first_lines(office) == told, end


def test_a_publication_is_told_once_and_has_no_end(office: Office) -> None:
    def publish(text: str) -> None:
        facts = {"period": "2023-06", "period_name": "tháng 6/2023", "text": text}
        report(office.settings, Trouble("published", text, now(), facts), office.connections.get, LINKS)

    publish("June was published")
    heard = office.heard()
    assert heard.hook == [
        "[Reform figures] Published\n\nJune was published\nWhere: period 2023-06\n"
        f"Since: {now():%d/%m/%Y %H:%M}\nWho must act: the person who approves the figures\nSee: https://airflow.example/cchc/publications\n\n"
        "What to do: Nothing.\n"
    ]
    office.mails.is_away = True
    publish("July was published")
    office.heard()
    office.tell()
    assert office.heard().hook == []
    office.mails.is_away = False
    office.tell()
    assert [mail.splitlines()[0] for mail in office.heard().mails] == ["[Số liệu CCHC] Đã công bố"]
    for days in (1, 2):
        office.tell(now() + timedelta(days=days))
    assert office.heard() == type(office.heard())([], []), "nothing has to become well"
    assert Desk(office.settings, office.settings.home).rows("select 1 from ops.alert where ended_at is null") == []
