"""What the approver reads before a period is published: the readiness, and the targets of the scorecard that will be frozen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text as sql_text

from cchc.indicators.refresh import wait_for_others
from cchc.period import now, parse_period
from cchc.pipeline.close import close
from cchc.publication.readiness import readiness
from cchc.publication.shown import changed_since, from_json, shown_to
from cchc.reports.approval import approval_text
from cchc.settings import Settings
from cchc.warehouse import engine
from demo.server import Demo
from tests.support.cli import cchc
from tests.support.district import CLOCK
from tests.support.http import Handler, listening
from tests.support.warehouse import NewWarehouse, execute, rows_of

URL = "https://airflow.example/cchc/?period=2023-12"
STANDS = "target_no is not null and unit_code = case target_level when 'all' then 'all' else 'level:' || target_level end"
MONTH = "period_kind = 'month' and period_start = date '2023-12-01'"
OF_DECEMBER = f"period_kind = 'month' and period_start = date '2023-12-01' and {STANDS}"


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, district_sources: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The dossiers of the small district, November and December 2023 computed."""
    home = tmp_path_factory.mktemp("approval")
    with new_warehouse(home / "home") as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", district_sources.connections()["AIRFLOW_CONN_SRC_ONE_STOP"])
        assert cchc("ingest", "one_stop", "--to", CLOCK).code == 0
        execute(made, "delete from ops.dirty_month where month_start not in (date '2023-11-01', date '2023-12-01')")
        assert cchc("refresh").code == 0
        yield made


def lines(settings: Settings, period: str = "2023-12", url: str | None = URL) -> list[str]:
    return approval_text(settings, parse_period(period), url)[0].splitlines()


def table(text: list[str]) -> list[list[str]]:
    """The rows of the Markdown table: number, name, scope, value, target, status, gap."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text if line.startswith("| ")][1:]


def test_the_readiness_comes_first_and_word_for_word(settings: Settings) -> None:
    text, _ = approval_text(settings, parse_period("2023-12"), URL)
    assert text.startswith(readiness(settings, parse_period("2023-12")).text_vi() + "\n\n")


def test_the_targets_are_counted_by_how_they_stand(settings: Settings) -> None:
    (line,) = [line for line in lines(settings) if line.startswith("**Bảng điểm sẽ công bố**")]
    stored = rows_of(settings, f"select status_vi, count(*) as n from mart.scorecard where status is not null and {OF_DECEMBER} group by 1")
    assert len(stored) >= 3
    for row in stored:
        assert f"{row['n']} {row['status_vi'].lower()}" in line
    assert line.endswith(f"[Xem toàn bộ bảng điểm]({URL})")


def test_the_table_has_what_is_missed_with_value_target_and_gap(settings: Settings) -> None:
    found = table(lines(settings))
    stored = rows_of(settings, f"select * from mart.scorecard where status in ('missed', 'behind') and {OF_DECEMBER}")
    assert sorted((row[0], row[2]) for row in found) == sorted((row["target_no"], row["unit_name"]) for row in stored)
    assert len(found) > 2
    assert all(row[5].startswith(("Chưa đạt", "Chậm tiến độ")) for row in found)
    one = next(row for row in stored if row["target_no"] == found[0][0] and row["unit_name"] == found[0][2])
    assert found[0][6] == (f"{one['gap_count']:,}".replace(",", ".") if one["gap_count"] is not None else "")
    assert found[0][3].startswith(f"{one['year_value']:.2f}".replace(".", ","))


def test_what_has_turned_comes_first_and_says_so(settings: Settings) -> None:
    assert not any("kỳ trước còn đạt" in row[5] for row in table(lines(settings))[3:])
    (missed,) = rows_of(
        settings, f"select * from mart.scorecard where status = 'missed' and {OF_DECEMBER} order by target_order desc limit 1"
    )
    november = (
        "period_kind = 'month' and period_start = date '2023-11-01' and basis = 'year_to_date' and indicator_code = :i and unit_code = :u"
    )
    before = rows_of(
        settings, f"select status from mart.indicator_value where {november}", i=missed["indicator_code"], u=missed["unit_code"]
    )
    execute(settings, f"update mart.indicator_value set status = 'met' where {november}", i=missed["indicator_code"], u=missed["unit_code"])
    try:
        first = table(lines(settings))[0]
        assert (first[0], first[2]) == (missed["target_no"], missed["unit_name"])
        assert first[5] == "Chưa đạt (kỳ trước còn đạt)"
    finally:
        execute(
            settings, f"update mart.indicator_value set status = :s where {november}",
            s=before[0]["status"], i=missed["indicator_code"], u=missed["unit_code"],
        )  # fmt: skip


def test_a_month_that_waits_is_told(settings: Settings) -> None:
    assert not any("chờ tính lại" in line for line in lines(settings))
    execute(settings, "insert into ops.dirty_month values ('one_stop', date '2023-03-01', 'planted', now())")
    try:
        assert any("Còn tháng chờ tính lại" in line for line in lines(settings)), "March counts in the year to date"
        assert not any("chờ tính lại" in line for line in lines(settings, "2023-02"))
    finally:
        execute(settings, "delete from ops.dirty_month")


def test_a_period_that_is_not_computed_says_so(settings: Settings) -> None:
    text = lines(settings, "2023-05", None)
    assert text[-3] == "**Bảng điểm sẽ công bố**: kỳ này chưa được tính; sẽ tính trước khi công bố."
    assert table(text) == []


def test_without_an_address_there_is_no_link(settings: Settings, tmp_path: Path) -> None:
    assert not re.search(r"\]\(", "\n".join(lines(settings, url=None)))


AUDITED = "select subject, by_whom from ops.audit where action = 'publish what has changed'"


def test_what_has_changed_since_it_was_shown_is_told_and_noted(settings: Settings) -> None:
    """A person approves days after the text was written, and a load has come between."""
    november, december = parse_period("2023-11"), parse_period("2023-12")
    of_november, of_december = (approval_text(settings, period)[1] for period in (november, december))
    assert from_json(json.loads(json.dumps(of_december.as_json()))) == of_december
    execute(
        settings,
        "update mart.dossier set channel = 'online' where dossier_id = (select min(dossier_id) from mart.dossier where is_counted "
        "and channel <> 'online' and received_date >= date '2023-12-01')",
    )
    execute(settings, "insert into ops.dirty_month values ('one_stop', date '2023-12-01', 'planted', now())")
    published = close(settings, december, "Người duyệt", incomplete=True, shown=of_december)
    changed = rows_of(settings, f"select * from mart.indicator_value where {MONTH} and computed_at > :at", at=of_december.at)
    assert len(changed) > 2, "a unit, its level and the whole"
    assert published.changed is not None
    assert published.changed.startswith(f"{len(changed)} số liệu khác với lúc trình duyệt (")
    first = min(changed, key=lambda row: (row["unit_code"], row["indicator_code"], row["basis"]))
    assert f", trong kỳ: {first['numerator']}/{first['denominator']}; " in published.changed
    assert rows_of(settings, AUDITED) == [{"subject": f"2023-12 edition 1: {published.changed}", "by_whom": "Người duyệt"}]
    # nothing of the month before has changed
    assert close(settings, november, "Người duyệt", incomplete=True, shown=of_november).changed is None
    assert len(rows_of(settings, AUDITED)) == 1


def test_a_value_that_was_shown_and_is_not_published_is_told(settings: Settings) -> None:
    october = parse_period("2023-10")
    assert cchc("refresh", "2023-10").code == 0
    shown = approval_text(settings, october)[1]
    of_october = "period_kind = 'month' and period_start = '2023-10-01'"
    with engine(settings).connect() as connection:
        assert changed_since(connection, october, 0, shown) is None
        nothing = changed_since(connection, october, 0, replace(shown, count=0))
        assert nothing is not None and nothing.endswith("kỳ này chưa có số liệu nào được tính")
        # computed later and the same again
        connection.execute(sql_text(f"update mart.indicator_value set computed_at = now() where {of_october}"))
        assert changed_since(connection, october, 0, shown) is None
        # by a machine whose clock is late: it has changed before it was shown
        late = f"update mart.indicator_value set numerator = numerator + 1, computed_at = '2023-11-01' where {of_october} and unit_code = 'all'"
        connection.execute(sql_text(late))
        said = changed_since(connection, october, 0, shown)
        assert said is not None and said.startswith("có số liệu khác với lúc trình duyệt (")
        connection.execute(sql_text(f"delete from mart.indicator_value where {of_october} and unit_code = 'all'"))
        said = changed_since(connection, october, 0, shown)
        assert said is not None and said.startswith("có số liệu được thêm hoặc bỏ so với lúc trình duyệt (")


def test_what_a_refresh_computes_meanwhile_is_waited_for(settings: Settings) -> None:
    """Its values have an earlier moment than the text, and would be taken for those that were shown."""
    december = parse_period("2023-12")
    with ThreadPoolExecutor(1) as other, engine(settings).connect() as refreshing:
        wait_for_others(refreshing, "dossiers")
        text_of = other.submit(approval_text, settings, december)
        with pytest.raises(TimeoutError):
            text_of.result(timeout=1)
        refreshing.rollback()
        assert text_of.result(timeout=60)[1].at > now() - timedelta(seconds=60)


@contextmanager
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A webhook that the rules of the district name; gives what it is told."""
    told: list[str] = []

    class Answer(Handler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

    with listening(Answer) as url:
        monkeypatch.setenv("AIRFLOW_CONN_CCHC_NOTIFY", json.dumps({"conn_type": "http", "host": url}))
        yield told


def test_the_command_line_tells_what_has_changed_since_it_showed_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two commands, and a load between them: the second one did not know what the first one had shown."""
    monkeypatch.setattr("cchc.warehouse.audit.getpass.getuser", lambda: "chi_lan")
    period = parse_period("2023-10")
    assert cchc("refresh", "2023-10").code == 0
    said = cchc("close", "2023-10")
    assert said.out.startswith(readiness(settings, period).text_vi() + "\n\n**Bảng điểm sẽ công bố**"), "what Airflow's approver reads"
    assert said.out.endswith("\nChưa công bố gì; `cchc close 2023-10 --approved-by TÊN` sẽ công bố\n")
    (kept,) = rows_of(settings, "select * from ops.close_shown")
    assert (kept["period_kind"], f"{kept['period_start']}", kept["by_account"]) == ("month", "2023-10-01", "chi_lan")
    execute(
        settings,
        "update mart.dossier set channel = 'online' where dossier_id = (select min(dossier_id) from mart.dossier where is_counted "
        "and channel <> 'online' and received_date >= date '2023-10-01' and received_date < date '2023-11-01')",
    )
    execute(settings, "insert into ops.dirty_month values ('one_stop', date '2023-10-01', 'planted', now())")
    with webhook(monkeypatch) as told:
        done = cchc("close", "2023-10", "--approved-by", "Người duyệt", "--incomplete")
    assert done.code == 0, done.err
    (note,) = [line for line in done.err.splitlines() if line.startswith("NOTE published is not what was shown: ")]
    changed = note.removeprefix("NOTE published is not what was shown: ")
    assert re.match(r"\d+ số liệu khác với lúc trình duyệt \(", changed)
    assert "nothing of this period" not in done.err
    assert {"subject": f"2023-10 edition 1: {changed}", "by_whom": "Người duyệt"} in rows_of(settings, AUDITED)
    (message,) = told
    assert "lần 1: 840 số liệu, 0 điều chỉnh" in message and f"phê duyệt: Người duyệt. Chú ý: {changed}" in message
    # what was shown before the edition says nothing of the next one; what is shown now does
    with engine(settings).connect() as connection:
        assert shown_to(connection, period, "chi_lan") is None
    assert cchc("close", "2023-10").code == 0
    with engine(settings).connect() as connection:
        assert shown_to(connection, period, "chi_lan") is not None


def test_the_command_line_says_where_nothing_was_shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another account was shown is not what this one knows."""
    september, words = "2023-09", "has shown chi_lan nothing of this period since its last edition"
    monkeypatch.setattr("cchc.warehouse.audit.getpass.getuser", lambda: "another")
    assert cchc("refresh", september).code == 0
    assert cchc("close", september).code == 0
    monkeypatch.setattr("cchc.warehouse.audit.getpass.getuser", lambda: "chi_lan")
    done = cchc("close", september, "--approved-by", "Người duyệt", "--incomplete")
    assert (done.code, words in done.err, "published is not" in done.err) == (0, True, False), done.err
