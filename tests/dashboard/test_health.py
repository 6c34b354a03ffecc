"""The page of the health of the data, and the page of a load: their numbers against SQL, who sees single records, bad and hostile input."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cchc.dashboard import kept
from cchc.dashboard.health import PARTS
from cchc.dashboard.thresholds import Light, Threshold, thresholds
from cchc.errors import NotConfigured
from cchc.settings import PROJECT, Settings
from tests.dashboard.conftest import COMMUNE, SCRIPT, Site, mounted
from tests.support.warehouse import HasWarehouse

OPERATOR, LEADER, COMMUNES_OWN, STRANGER = "operator", "leader", "commune", "stranger"  # sees all and runs; all; its unit; counts
MONTH = "period=2023-12"
SECONDS = 60  # how long a count of the background may take


class Pages(HasWarehouse):
    """The dashboard over one warehouse, asked until everything on a page is counted."""

    def __init__(self, site: Site) -> None:
        self.site, self.settings = site, site.settings

    def get(self, path: str, who: str = OPERATOR) -> Any:
        """The answer of a page, once everything on it is counted and of the newest state of the warehouse."""
        until = time.monotonic() + SECONDS
        while True:
            answer = self.site.get(path, who)
            if 'http-equiv="refresh"' not in answer.text and "sẽ đếm lại" not in answer.text:
                return answer
            assert time.monotonic() < until, "the counts of the background do not come"
            time.sleep(0.1)

    def page(self, path: str, who: str = OPERATOR) -> str:
        """The text of a page that is there."""
        answer = self.get(path, who)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def table(self, path: str, name: str, who: str = OPERATOR) -> list[dict[str, str]]:
        """All rows of a table of a page, as its CSV has them, by title of the column."""
        self.page(path, who)
        answer = self.get(f"{path}{'&' if '?' in path else '?'}format=csv&table={name}", who)
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def health(self, part: str, name: str, who: str = OPERATOR, more: str = "") -> list[dict[str, str]]:
        """A table of the page of the health of the data."""
        return self.table(f"/health?part={part}&{MONTH}{more}", name, who)

    def lamp(self, title: str) -> tuple[str, int]:
        """The state and the number of a light."""
        (row,) = [row for row in self.health("summary", "lights") if row["Nội dung"] == title]
        return row["Tình trạng"], int(row["Số lượng"])

    def number(self, statement: str, **binds: Any) -> int:
        """The one number that SQL gives."""
        ((number,),) = [tuple(row.values()) for row in self.rows(statement, **binds)]
        return int(number)


@pytest.fixture(scope="module")
def pages(site: Site) -> Iterator[Pages]:
    """What the small district does not have by itself: a blocked file, a month that waits, text that is meant to do harm."""
    made = Pages(site)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(kept, "REST", 0)  # a test that changes the warehouse need not wait for the next count
    made.execute("create table ops.months_before as select * from ops.dirty_month")
    made.execute("delete from ops.dirty_month")
    made.execute("insert into ops.dirty_month values ('one_stop', date '2023-11-01', 'planted', now())")
    made.execute(
        "insert into ops.load (extract_id, source_code, entity, file_name, window_to, status, message, started_at) "
        "select max(extract_id), 'payments', 'payments', :name, max(window_to), 'blocked', :message, max(started_at) "
        "from ops.extract where source_code = 'payments'",
        name=f"giaodich_{SCRIPT}.csv", message=f"rows: {SCRIPT} disagrees with its manifest",
    )  # fmt: skip
    made.execute(
        "insert into ops.load_field (load_id, field, record_count, present_count) "
        "select max(load_id), :field, 100, 40 from ops.load where source_code = 'one_stop' and entity = 'dossiers' and status = 'loaded'",
        field=SCRIPT,
    )
    made.execute(
        "insert into ops.quarantine (load_id, source_code, entity, file, line, key, rule, action, reason, record, first_seen_at) "
        "select max(load_id), 'one_stop', 'dossiers', 'part', 1, cast(:key as text), 'K1', 'quarantine', 'planted x · y', "
        "cast(:record as jsonb), now() from ops.load where source_code = 'one_stop' and entity = 'dossiers'",
        key=SCRIPT, record=f'{{"unit_code": "{COMMUNE}", "_unreadable": {{"due_at": "0912345678 Nguyen Van An"}}}}',
    )  # fmt: skip
    yield made
    made.execute("delete from ops.load where file_name like '%script%'")
    made.execute("delete from ops.load_field where field like '%script%'")
    made.execute("delete from ops.quarantine where reason = 'planted x · y'")
    made.execute("delete from ops.dirty_month")
    made.execute("insert into ops.dirty_month select * from ops.months_before")
    made.execute("drop table ops.months_before")
    monkeypatch.undo()


def test_every_part_is_there_in_both_languages_and_nothing_of_a_source_is_taken_for_html(pages: Pages) -> None:
    for part in PARTS:
        for language in ("", "&lang=en"):
            page = pages.page(f"/health?part={part}&{MONTH}{language}")
            assert SCRIPT not in page
            assert "<h1>" in page
    assert "&lt;script&gt;alert(1)" in pages.page(f"/health?part=loads&{MONTH}")
    assert "&lt;script&gt;alert(1)" in pages.page(f"/health?part=fields&{MONTH}")
    assert "&lt;script&gt;alert(1)" in pages.page(f"/health?part=quarantine&{MONTH}")


def test_the_first_line_says_what_must_be_done_by_whom(pages: Pages) -> None:
    page = pages.page(f"/health?{MONTH}")
    head = page[page.index('class="act"') : page.index('class="tabs"')]
    assert "việc cần làm" in head
    assert re.search(r"Tệp hoặc bảng bị chặn: [1-9]", head)
    assert "Nơi gửi: gửi tệp đúng." in head
    assert head.index("Phải xử lý") < head.index("Cần xem"), "what is wrong comes before what is to be watched"


def test_the_lights_have_their_numbers_and_their_limits(pages: Pages) -> None:
    blocked = [row for row in pages.health("loads", "blocked") if row["Tình trạng"] == "Bị chặn"]
    assert pages.lamp("Tệp hoặc bảng bị chặn") == ("Phải xử lý", len(blocked))
    assert any(SCRIPT in row["Tệp hoặc bảng"] for row in blocked)
    assert pages.lamp("Tháng chờ tính lại") == ("Cần xem", 1)
    assert pages.lamp("Khoảng thời gian chưa trích xuất") == ("Tốt", 0)
    found = pages.number("select count(*) from mart.finding where month_start = date '2023-12-01'")
    assert pages.lamp("Bất thường trong kỳ")[1] == found > 0
    records = pages.number(
        "select count(distinct (source_code, entity, coalesce('key ' || key, file || ' ' || line))) from ops.quarantine "
        "where action = 'quarantine' and resolved_at is null"
    )
    assert pages.lamp("Bản ghi trong cách ly")[1] == records > 1
    limits = {row["Nội dung"]: (row["Vàng từ"], row["Đỏ từ"]) for row in pages.health("summary", "lights")}
    assert limits["Bản ghi trong cách ly"] == ("1", "100")
    assert len(limits) == len(type(thresholds(pages.settings)).model_fields)


def test_doubts_of_loads_are_counted_for_all_and_name_no_dossier(pages: Pages) -> None:
    assert pages.lamp("Nghi vấn của lần nạp") == ("Tốt", 0)
    assert pages.health("loads", "doubts") == []
    load = pages.number(
        "select max(load_id) from ops.load where source_code = 'one_stop' and entity = 'dossiers' and status = 'loaded' and landed > 0"
    )
    pages.execute(
        "update ops.load set manifest = manifest || cast(:doubts as jsonb) where load_id = :l",
        l=load,
        doubts='{"other_keys": {"dossiers": 7, "keys": 2, "stored_keys": 3, "example": "H-7777"},'
        ' "strange_steps": {"strange": 4, "looked_at": 5, "example": "H-8888"}}',
    )
    try:
        assert pages.lamp("Nghi vấn của lần nạp") == ("Cần xem", 2)
        told = pages.health("loads", "doubts", STRANGER)
        assert [(int(row["Lần nạp"]), row["Nghi vấn"], int(row["Bản ghi"])) for row in told] == [
            (load, "Bước xử lý nêu hồ sơ mà kho không có", 4),
            (load, "Hồ sơ có mã đã lưu dưới khóa khác", 7),
        ]
        assert all("cchc reload" in row["Ai làm gì"] for row in told)
        page = pages.page(f"/health?part=loads&{MONTH}")
        assert f"/loads/{load}?" in page
        assert "H-7777" not in page and "H-8888" not in page
    finally:
        pages.execute("update ops.load set manifest = manifest - 'other_keys' - 'strange_steps' where load_id = :l", l=load)


def test_a_light_goes_out_when_it_is_mended(pages: Pages) -> None:
    before = pages.lamp("Tệp hoặc bảng bị chặn")[1]
    pages.execute("update ops.load set status = 'given_up' where status = 'blocked' and file_name like '%script%'")
    try:
        assert pages.lamp("Tệp hoặc bảng bị chặn")[1] == before - 1
    finally:
        pages.execute("update ops.load set status = 'blocked' where status = 'given_up' and file_name like '%script%'")


def test_the_sources_have_their_clock_and_their_last_run(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_SCHEDULE", "off")
    rows = {row["Nguồn"]: row for row in pages.health("summary", "sources")}
    clocks = pages.rows("select s.name_vi, c.known_at from ops.source_clock as c inner join core.source as s using (source_code)")
    assert len(rows) == 6 > len(clocks) == 3
    for clock in clocks:
        row = rows.pop(clock["name_vi"])
        assert row["Có số liệu đến"] == "2024-01-02T00:00:00+07:00"
        assert row["Trễ (ngày)"] == "", "no run goes by the clock here, so nothing is late"
        assert row["Đủ đến hết kỳ 2023-12"] == "có"
    assert {row["Tình trạng"] for row in rows.values()} == {"Cần xem"}, "a source that was never extracted"
    assert pages.lamp("Nguồn chưa trích xuất lần nào") == ("Cần xem", 3)


def test_a_source_is_late_by_its_schedule(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCHC_SCHEDULE", raising=False)
    state, days = pages.lamp("Nguồn trễ (ngày)")
    assert state == "Phải xử lý"
    assert days > 300


def test_a_source_that_ends_before_the_period_is_told(pages: Pages) -> None:
    page = pages.page("/health?period=2024-01")
    assert "Nguồn chưa đủ đến hết kỳ" in page
    rows = pages.table("/health?period=2024-01", "sources")
    assert {row["Đủ đến hết kỳ 2024-01"] for row in rows} == {"không"}


def test_a_failed_run_is_told_with_its_reason(pages: Pages) -> None:
    before = pages.lamp("Nguồn có lần chạy cuối bị lỗi")[1]
    pages.execute(
        "insert into ops.extract (source_code, window_to, status, message, started_at, ended_at) "
        "values ('documents', now(), 'failed', 'the source refused the key', now(), now())"
    )
    try:
        assert pages.lamp("Nguồn có lần chạy cuối bị lỗi") == ("Phải xử lý", before + 1)
        assert "the source refused the key" in pages.page(f"/health?{MONTH}")
    finally:
        pages.execute("delete from ops.extract where message = 'the source refused the key'")


def test_dossiers_that_are_listed_and_not_stored_are_counted_for_all_and_named_for_some(pages: Pages) -> None:
    pages.execute(
        "insert into core.dossier_key_month (source_code, month_start, asked_at) values ('one_stop', date '2023-12-01', now()) on conflict do nothing"
    )
    pages.execute(
        "insert into ops.missing_key values ('one_stop', date '2023-12-01', 990099, 'H19.16.21-231201-9999', timestamptz '2023-12-05')"
    )
    try:
        assert pages.lamp("Hồ sơ nguồn có, kho thiếu") == ("Phải xử lý", 1)
        (month,) = pages.health("summary", "missing_months", STRANGER)
        assert month["Kho thiếu"] == "1"
        assert "H19.16.21-231201-9999" in pages.page(f"/health?{MONTH}", LEADER)
        for who in (COMMUNES_OWN, STRANGER):  # of whose unit the dossier is nobody knows
            assert "H19.16.21-231201-9999" not in pages.page(f"/health?{MONTH}", who)
    finally:
        pages.execute("delete from ops.missing_key where dossier_id = 990099")


def test_the_coverage_names_the_units_that_sent_nothing(pages: Pages) -> None:
    from cchc.period import parse_period
    from cchc.publication.readiness import readiness

    missing = readiness(pages.settings, parse_period("2023-12")).missing
    assert sum(map(len, missing.values())) == len(pages.health("coverage", "missing_units")) > 0
    rows = pages.health("coverage", "coverage")
    for row in rows:
        shown = pages.rows(
            "select distinct c.coverage from mart.source_coverage as c inner join core.unit_at(date '2023-12-31') as u using (unit_code) "
            "where u.name = :unit and c.indicator_code = 'dossier_on_time_rate' and c.period_kind = 'month' and c.basis = 'period' "
            "and c.period_start = date '2023-12-01'",
            unit=row["Đơn vị"],
        )
        assert ([float(row["Hồ sơ"])] if row["Hồ sơ"] else []) == [100 * float(share["coverage"]) for share in shown]


def test_the_loads_are_those_of_the_warehouse_sorted_searched_and_paged(pages: Pages) -> None:
    rows = pages.health("loads", "loads")
    stored = pages.rows("select * from ops.load order by load_id desc")
    assert [int(row["Lần nạp"]) for row in rows] == [load["load_id"] for load in stored]
    assert [int(row["Mới"]) for row in rows] == [load["inserted"] for load in stored]
    assert [row["Cách ly"] for row in rows] == [str(load["quarantined"]) for load in stored]
    by_size = pages.health("loads", "loads", more="&loads.sort=-landed")
    assert [int(row["Đã nhận"]) for row in by_size] == sorted((load["landed"] for load in stored), reverse=True)
    found = pages.health("loads", "loads", more="&loads.q=giaodich_202312")
    assert len(found) == len([load for load in stored if "giaodich_202312" in (load["file_name"] or "")]) > 0
    assert pages.health("loads", "loads", more="&loads.q=100%25") == [], "a per cent sign is a per cent sign"
    second = pages.page(f"/health?part=loads&{MONTH}&loads.page=2")
    assert f"/loads/{stored[50]['load_id']}?" in second
    assert f"/loads/{stored[49]['load_id']}?" not in second
    assert f"trong {len(stored)}" in second.replace(".", "")


def test_a_table_leaves_as_a_workbook(pages: Pages) -> None:
    answer = pages.get(f"/health?part=loads&{MONTH}&format=xlsx&table=loads")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert sheet.max_row == 1 + pages.number("select count(*) from ops.load")
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("part", "name"),
    [("summary", "waiting"), ("quarantine", "rules"), ("quarantine", "records"), ("fields", "fields"), ("findings", "findings"),
     ("findings", "records"), ("payments", "payments"), ("loads", "blocked")],
)  # fmt: skip
def test_every_table_leaves_as_csv_and_workbook(pages: Pages, part: str, name: str) -> None:
    rows = pages.health(part, name)
    answer = pages.get(f"/health?part={part}&{MONTH}&format=xlsx&table={name}")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert sheet.max_row == 1 + len(rows) > 1


def test_dossiers_without_a_reception_are_told_by_source(pages: Pages) -> None:
    rows = pages.health("quarantine", "not_received")
    stored = pages.rows(
        "select source_code, count(*) as n, count(*) filter (where d.status_code not in (1, 3, 7)) as lost from mart.left_out as o "
        "inner join mart.dossier as d using (source_code, dossier_code) where o.left_out_reason = 'not_received' group by 1 order by 1"
    )
    assert stored, "the district has some"
    told = [(row["Nguồn"], int(row["Hồ sơ"]), int(row["Trong đó đã thụ lý mà mất ngày tiếp nhận"])) for row in rows]
    assert told == [(row["source_code"], row["n"], row["lost"]) for row in stored]


def test_the_quarantine_is_told_by_rule_with_what_to_do(pages: Pages) -> None:
    rows = pages.health("quarantine", "rules")
    stored = pages.rows(
        "select source_code, entity, rule, action, count(distinct coalesce('key ' || key, file || ' ' || line)) as records "
        "from ops.quarantine where resolved_at is null group by 1, 2, 3, 4"
    )
    assert sorted((row["Quy tắc"], row["Loại bản ghi"], int(row["Bản ghi"])) for row in rows) == sorted(
        (row["rule"], row["entity"], row["records"]) for row in stored
    )
    assert all(row["Ai làm gì"] and row["Lý do"] for row in rows)
    assert all("units.csv" in row["Ai làm gì"] for row in rows if row["Quy tắc"] == "K6")
    english = pages.page(f"/health?part=quarantine&{MONTH}&lang=en")
    assert "is missing or none of 1 to 10" in english
    assert "bị trống hoặc không thuộc 1 đến 10" not in english


def test_of_a_record_in_quarantine_its_key_is_shown_and_no_value(pages: Pages) -> None:
    for who in (OPERATOR, LEADER, COMMUNES_OWN):
        page = pages.page(f"/health?part=quarantine&{MONTH}&rule=K1&source=one_stop", who)
        assert "&lt;script&gt;" in page
        assert "due_at" in page
        for personal in ("0912345678", "Nguyen Van An"):
            assert personal not in page


def test_who_sees_which_records(pages: Pages) -> None:
    every = pages.number("select count(*) from ops.quarantine where resolved_at is null")
    own = pages.number("select count(*) from ops.quarantine where resolved_at is null and record ->> 'unit_code' = :u", u=COMMUNE)
    assert 0 < own < every
    assert len(pages.health("quarantine", "records", OPERATOR)) == len(pages.health("quarantine", "records", LEADER)) == every
    clerks = pages.health("quarantine", "records", COMMUNES_OWN)
    assert len(clerks) == own
    assert {row["Đơn vị"] for row in clerks} == {COMMUNE}
    assert len(pages.health("quarantine", "rules", COMMUNES_OWN)) == len(pages.health("quarantine", "rules", STRANGER)), (
        "counts are for everybody"
    )
    for part in ("quarantine", "findings", "payments"):
        for who, more in ((STRANGER, ""), (COMMUNES_OWN, "&scope=H19.16.21")):
            page = pages.page(f"/health?part={part}&{MONTH}{more}", who)
            assert 'id="records"' not in page
            assert "không xem được từng bản ghi" in page
            refused = pages.get(f"/health?part={part}&{MONTH}{more}&format=csv&table=records", who)
            assert refused.status_code == 400


def test_findings_are_counted_for_all_and_listed_for_those_who_may_see_them(pages: Pages) -> None:
    stored = pages.rows(
        "select k.name_vi, f.finding_code, f.unit_code, f.item from mart.finding as f inner join core.finding_kind as k using (finding_code) "
        "where f.month_start = date '2023-12-01'"
    )
    for who in (OPERATOR, STRANGER):
        rows = pages.health("findings", "findings", who)
        assert {row["Phát hiện"]: int(row["Số lượng"]) for row in rows} == {
            name: sum(row["name_vi"] == name for row in stored) for name in {row["name_vi"] for row in stored}
        }
    assert sorted(row["Bản ghi"] for row in pages.health("findings", "records", LEADER)) == sorted(row["item"] for row in stored)
    mine = [row["item"] for row in stored if row["unit_code"] == COMMUNE]
    assert sorted(row["Bản ghi"] for row in pages.health("findings", "records", COMMUNES_OWN)) == sorted(mine)
    code = stored[0]["finding_code"]
    chosen = pages.health("findings", "records", more=f"&finding={code}")
    assert len(chosen) == sum(row["finding_code"] == code for row in stored)
    assert re.search(r'href="/cchc/dossiers/one_stop/[^"]+period=2023-12', pages.page(f"/health?part=findings&{MONTH}"))


def test_a_scope_counts_its_units_alone(pages: Pages) -> None:
    rows = pages.health("findings", "findings", more=f"&scope={COMMUNE}")
    stored = pages.number("select count(*) from mart.finding where month_start = date '2023-12-01' and unit_code = :u", u=COMMUNE)
    assert sum(int(row["Số lượng"]) for row in rows) == stored
    communes = pages.health("findings", "findings", more="&scope=level:commune")
    stored = pages.number(
        "select count(*) from mart.finding as f inner join core.unit_at(date '2023-12-31') as u using (unit_code) "
        "where f.month_start = date '2023-12-01' and u.level = 'commune'"
    )
    assert sum(int(row["Số lượng"]) for row in communes) == stored


def test_the_payments_are_those_of_the_reconciliation(pages: Pages) -> None:
    rows = pages.table("/health?part=payments&period=2023", "payments", STRANGER)
    stored = pages.rows(
        "select state, count(*) as n, sum(paid_vnd) as paid from mart.payment_reconciliation "
        "where day >= date '2023-01-01' and day < date '2024-01-01' group by 1"
    )
    assert sum(int(row["Số lượt"]) for row in rows) == sum(row["n"] for row in stored) > 0
    assert sum(int(row["Đã trả (đồng)"]) for row in rows) == sum(row["paid"] for row in stored)
    records = pages.table("/health?part=payments&period=2023", "records")
    assert len(records) == pages.number(
        "select count(*) from mart.payment_reconciliation where day >= date '2023-01-01' and day < date '2024-01-01' "
        "and (state not in ('matched', 'pending') or is_receipt_missing)"
    )


def test_the_count_follows_the_warehouse(pages: Pages) -> None:
    before = pages.lamp("Bất thường trong kỳ")[1]
    (row,) = pages.rows("select dossier_id from mart.dossier where finished_date between date '2023-12-01' and date '2023-12-31' limit 1")
    pages.execute("update mart.dossier set apology_count = apology_count where dossier_id = :d", d=row["dossier_id"])
    assert pages.lamp("Bất thường trong kỳ")[1] == before


def test_a_load_with_everything_that_is_known_of_it(pages: Pages) -> None:
    (load,) = pages.rows("select * from ops.load where source_code = 'one_stop' and entity = 'dossiers' order by load_id desc limit 1")
    page = pages.page(f"/loads/{load['load_id']}?{MONTH}")
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page
    fields = pages.table(f"/loads/{load['load_id']}?{MONTH}", "load_fields", STRANGER)
    stored = pages.rows("select * from ops.load_field where load_id = :n", n=load["load_id"])
    assert {row["Trường"].lstrip("'"): int(row["Bản ghi"]) for row in fields} == {row["field"]: row["record_count"] for row in stored}
    assert 'id="records"' not in pages.page(f"/loads/{load['load_id']}?{MONTH}", STRANGER)
    records = pages.table(f"/loads/{load['load_id']}?{MONTH}", "records", COMMUNES_OWN)
    assert len(records) == pages.number(
        "select count(*) from ops.quarantine where load_id = :n and resolved_at is null and record ->> 'unit_code' = :u",
        n=load["load_id"],
        u=COMMUNE,
    )


def test_a_blocked_load_says_why(pages: Pages) -> None:
    (load,) = pages.rows("select load_id from ops.load where file_name like '%script%'")
    page = pages.page(f"/loads/{load['load_id']}?{MONTH}", STRANGER)
    assert "Bị chặn" in page
    assert "disagrees with its manifest" in page
    assert SCRIPT not in page


@pytest.mark.parametrize("number", ["999999", "0", "x", "1;drop", "٣", "9" * 30])
def test_an_unknown_load_is_not_there(pages: Pages, number: str) -> None:
    answer = pages.get(f"/loads/{number}")
    assert answer.status_code == 404
    assert f"Không có lần nạp {number}." in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "part=nothing",
        "part=findings&finding=nothing",
        "part=payments&state=nothing",
        "part=loads&loads.sort=nothing",
        "period=x",
        "scope=H99",
    ],
)
def test_a_wrong_choice_is_told(pages: Pages, query: str) -> None:
    answer = pages.get(f"/health?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_a_past_view_says_that_the_page_is_of_now(pages: Pages) -> None:
    assert "Trang này theo dữ liệu hiện nay" in pages.page(f"/health?{MONTH}&known_at=2023-12-05T00:00")


def test_without_any_data_the_page_says_so(warehouse: Settings) -> None:
    answer = Pages(Site(warehouse, mounted(warehouse))).get("/health")
    assert answer.status_code == 503
    assert "Chưa có số liệu" in answer.text


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("holes: {wrong: 0}", "'wrong' must be at least 1, found 0"),
        ("holes: {}", "the light could never be on"),
        ("holes: {watch: 5, wrong: 2}", "'watch' is 5, which is more than 'wrong' (2)"),
        ("holes: {wrong: '1'}", "'wrong' must be a whole number, found '1'"),
        ("hole: {wrong: 1}", "unknown key 'hole'; did you mean 'holes'?"),
    ],
)
def test_the_limits_are_read_strictly(tmp_path: Path, written: str, told: str) -> None:
    text = (PROJECT / "include" / "dashboard" / "thresholds.yaml").read_text(encoding="utf-8")
    assert "holes: {wrong: 1}" in text
    (tmp_path / "thresholds.yaml").write_text(text.replace("holes: {wrong: 1}", written), encoding="utf-8")
    with pytest.raises(NotConfigured, match=re.escape(told)):
        thresholds(replace(Settings.load(), dashboard_dir=tmp_path))


@pytest.mark.parametrize(("number", "state"), [(0, Light.WELL), (1, Light.WATCH), (2, Light.WATCH), (3, Light.WRONG), (9, Light.WRONG)])
def test_a_light_changes_at_its_limits(number: int, state: Light) -> None:
    assert Threshold(watch=1, wrong=3).judged(number) is state
