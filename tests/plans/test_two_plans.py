"""Two plans in one warehouse at the turn of the year, by the command line. Each year is judged by its own plan, and neither loses data."""

from __future__ import annotations

import re
import shutil
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from cchc.indicators.compute import compute_known
from cchc.period import parse_period
from cchc.publication.known_at import as_known_at
from tests.oracle.small_worlds import at
from tests.plans.conftest import NEXT, PLAN, Office
from tests.plans.district import NEW_YEAR, TRAINING, district, ended

NO_PLAN_VI = "Không có kế hoạch nào áp dụng cho kỳ này: chỉ đo, không đánh giá"
LATE = at("2024-01-20T00:00:00")
ON_TIME, COPIES, SAMPLE = "dossier_on_time_rate", "ecertified_copy_count", "sample_dossier_rate"


def numbers(scorecard: str) -> list[str]:
    """The numbers of the targets in the order of a printed scorecard."""
    return re.findall(r"^([TD]\d\d[a-z]?) ", scorecard.partition("\n* ")[0], re.MULTILINE)


def as_words(scorecard: str) -> list[str]:
    """The words of a printed scorecard, without the mark of what has changed since the publication, and the lines of dashes."""
    found = re.sub(r"\n† [^\n]*", "", scorecard).replace(" †", "")
    return [word for word in found.split() if set(word) != {"-"}]


def test_the_story_of_a_new_year(computed: Office) -> None:
    office = computed

    # without a plan of 2024 and of 2022 nothing is judged there, and each paper says so
    for period in ("2024-01", "2024", "2024-01R", "2022-12", "2022"):
        row = office.value(ON_TIME, period)
        assert row["value"] is not None
        assert (row["plan_code"], row["target"], row["status"], row["gap_count"]) == (PLAN, None, None, None)
        assert row["no_target_reason"] == "no plan holds"
        assert NO_PLAN_VI in office.run("scorecard", period).out
        assert "no plan holds in" in office.run("explain", ON_TIME, "--period", period, "--basis", "year_to_date").out
    then, now = (numbers(office.run("scorecard", period).out) for period in ("2022-12", "2023-12"))
    assert then == now and len(now) == 47, "in the order of the plan that gives 2022 its place"
    assert NO_PLAN_VI not in office.run("scorecard", "2023-12").out
    december = office.value(ON_TIME, "2023-12", basis="period")
    assert (december["plan_code"], december["target"], december["status"]) == (PLAN, Decimal("0.96"), "met")

    office.run("close", "2023-12", "--approved-by", "a tester", "--incomplete")
    published = office.published()
    reports = {path.name: path.read_bytes() for path in (office.settings.home / "publications" / "2023-12" / "1" / "papers").iterdir()}
    shown = office.run("scorecard", "2023-12").out
    listed = office.run("publications").out
    assert len(published["publication"]) == 1 and reports

    # the plan of 2024: told, and the months of its year are marked, no others
    office.add_plan()
    assert f"WRONG {NEXT}: include/plans says something else than what is loaded; run `cchc init`" in office.run("doctor", code=1).out
    told = office.run("init", plan=NEXT).out
    assert "WRONG" not in office.run("doctor").out
    assert f"{NEXT} is loaded: 45 targets by level and 6 directions, in force in 2024" in told
    assert "values of 2024-01 are judged otherwise" in told
    assert office.marks() == {source: ["2024-01"] for source in ("declared", "one_stop", "payments")}
    assert [
        row["plan_code"] for row in office.rows("select distinct plan_code from mart.indicator_value where period_end > '2024-01-01'")
    ] == [NEXT]
    # a late dossier of December comes in January, and is refreshed under the new plan's name
    ended(office.world, "late", "2023-12-19", "2024-01-08", late=True)
    office.ingest(LATE, plan=NEXT)
    assert "2023-12" in office.marks()["one_stop"]
    office.run("refresh", plan=NEXT)
    assert office.marks() == {}
    assert office.differences() == []
    items = {}
    for plan in (NEXT, None):
        items[plan] = office.run("restatements", "2023-12", "--items", plan=plan).out
        assert "late" in items[plan] and ON_TIME in items[plan]
        assert "2023-12" in office.run("publications", plan=plan).out
        # what was published is shown as it was published, but for the mark of what has changed since
        assert as_words(office.run("scorecard", "2023-12", plan=plan).out) == as_words(shown)
    assert items[NEXT] == items[None]
    open_then = office.rows("select * from mart.restatement order by restatement_id")
    assert {row["state"] for row in open_then} == {"open"}
    assert "2023-12" not in office.run("refresh").out, "nothing waits for the old plan"
    office.run("refresh", "2023-12")
    office.run("refresh", "2023-12", plan=NEXT)
    assert office.rows("select * from mart.restatement order by restatement_id") == open_then, "no restatement more"
    assert office.published() == published
    assert {
        path.name: path.read_bytes() for path in (office.settings.home / "publications" / "2023-12" / "1" / "papers").iterdir()
    } == reports
    assert office.run("init").out.splitlines()[1:] == [], "nothing new, nothing told"
    assert office.marks() == {}
    assert listed.splitlines()[0] == office.run("publications").out.splitlines()[0]

    # each year by its own plan, whatever CCHC_PLAN says
    december, january = (office.value(ON_TIME, period, basis="period") for period in ("2023-12", "2024-01"))
    assert (december["plan_code"], december["target"]) == (PLAN, Decimal("0.96"))
    assert (january["plan_code"], january["target"], january["status"]) == (NEXT, Decimal("0.98"), "missed")
    assert office.value(ON_TIME, "2024-01R")["target"] == Decimal("0.98"), "its last day is 14 January"
    assert office.value(SAMPLE, "2023-12")["target"] == Decimal("0.7")
    assert (office.value(SAMPLE, "2024-01")["target"], office.value(SAMPLE, "2024-01")["no_target_reason"]) == (None, None)
    assert office.value(ON_TIME, "2022-12")["status"] is None
    # a direction in 2024 is compared with the same period of 2023: 3 copies then, 20 now
    assert (office.value(COPIES, "2023-01")["numerator"], office.value(COPIES, "2024-01")["numerator"]) == (3, 20)
    assert (office.value(COPIES, "2024-01")["plan_code"], office.value(COPIES, "2024-01")["status"]) == (NEXT, "met")
    assert "98,00 %" in office.run("scorecard", "2024-01", plan=PLAN).out
    clause = office.run("explain", COPIES, "--period", "2024-01", plan=PLAN).out
    assert "D01 (all, above the same period of 2023" in clause

    # an approved restatement is the next edition, under the plan of the year that it is about
    office.run("close", "2023-12", "--approved-by", "another tester", "--incomplete", plan=NEXT)
    editions = office.rows("select plan_code, edition from mart.publication order by edition")
    assert [(row["plan_code"], row["edition"]) for row in editions] == [(PLAN, 1), (PLAN, 2)]


def test_before_the_turn_of_the_year_the_report_month_belongs_to_the_new_plan(office: Office) -> None:
    office.add_plan()
    office.run("init")
    office.open(district())
    for t in (at("2023-12-20T00:00:00"), at("2024-01-01T00:00:00")):
        office.ingest(t)
        office.settle("2023-12")
        assert office.differences() == []
        row = office.value(ON_TIME, "2024-01R")
        assert (row["plan_code"], row["target"]) == (NEXT, Decimal("0.98"))
        # the file of December 2023 is not judged as if the year of the new target were over
        assert office.value(TRAINING, "2024-01R", "H19.16.2")["status"] in ("on_pace", "no_data")
        assert office.value(TRAINING, "2023-12", "H19.16.2")["plan_code"] == PLAN


def test_a_target_that_changes_is_told_and_marks_the_months_that_it_judges(closed: Office) -> None:
    office = closed
    published = office.published()
    shown = office.run("scorecard", "2023-12").out
    office.edit(f"{PLAN}/targets.csv", ",all,>=,96,(early", ",all,>=,99,(early")
    told = office.run("init").out
    assert f"{PLAN}: target T20 ({ON_TIME}, all) has changed: target 96 % → 99 %" in told
    assert office.marks() == {"one_stop": ["2023-01", "2023-11", "2023-12"]}, (
        "the months of the plan's year that are computed, of the one source"
    )
    office.run("refresh")
    assert office.value(ON_TIME, "2023-12", basis="period")["status"] == "missed"
    assert office.value(ON_TIME, "2022-12")["target"] is None
    assert office.differences() == []
    assert office.published() == published
    assert office.run("scorecard", "2023-12").out == shown, "what was published is shown with the target that it was published with"
    assert "99,00 %" in office.run("scorecard", "2023-12", "--current").out
    (change,) = office.rows("select change, before, after from mart.restatement right join core.plan_change on true")
    assert (change["change"], change["before"], change["after"]) == ("changed", {"target": "0.96"}, {"target": "0.99"})


def test_what_is_taken_out_has_ended_and_what_was_published_with_it_stays(closed: Office) -> None:
    office = closed
    shown = office.run("scorecard", "2023-12").out
    line = next(row for row in (office.plans / PLAN / "targets.csv").read_text().splitlines() if row.startswith("T20,"))
    office.edit(f"{PLAN}/targets.csv", line + "\n", "")
    told = office.run("init").out
    assert f"{PLAN}: target T20 ({ON_TIME}, all) has ended: it is gone from the plan's file" in told
    assert office.marks() == {"one_stop": ["2023-01", "2023-11", "2023-12"]}
    office.run("refresh")
    row = office.value(ON_TIME, "2023-12")
    assert (row["target"], row["status"], row["no_target_reason"]) == (None, None, None)
    assert office.run("scorecard", "2023-12").out == shown
    (kept,) = office.rows("select target, ended_at from core.plan_target where target_no = 'T20'")
    assert kept["target"] == Decimal("0.96") and kept["ended_at"] is not None
    # back again
    header, rest = (office.plans / PLAN / "targets.csv").read_text().split("\n", 1)
    (office.plans / PLAN / "targets.csv").write_text(f"{header}\n{line}\n{rest}")
    told = office.run("init").out
    assert f"{PLAN}: target T20 ({ON_TIME}, all) is back: >= 96 %, flow" in told
    office.run("refresh")
    assert office.value(ON_TIME, "2023-12")["target"] == Decimal("0.96")


def test_words_that_change_are_told_and_mark_nothing(computed: Office) -> None:
    computed.edit(
        f"{PLAN}/targets.csv", "satisfied ratings,rated PAKN,flow,Văn phòng HĐND-UBND", "satisfied ratings,rated PAKN,stock,Phòng Tư pháp"
    )
    told = computed.run("init").out
    assert "has changed: kind flow → stock; lead_agency Văn phòng HĐND-UBND → Phòng Tư pháp" in told
    assert computed.marks() == {}, "a flow and a stock are judged alike"


def test_a_plan_that_is_gone_has_ended_and_its_publications_stay(closed: Office) -> None:
    office = closed
    shown = office.run("scorecard", "2023-12").out
    office.add_plan()
    shutil.rmtree(office.plans / PLAN)
    assert f"CCHC_PLAN names the plan {PLAN}" in office.run("init", code=1).err
    told = office.run("init", plan=NEXT).out
    assert f"{PLAN} has ended" in told
    assert office.marks()["one_stop"] == ["2023-01", "2023-11", "2023-12", "2024-01"]
    office.run("refresh", plan=NEXT)
    row = office.value(ON_TIME, "2023-12")
    assert (row["plan_code"], row["status"], row["no_target_reason"]) == (NEXT, None, "no plan holds")
    table = "\n\nChưa có số liệu:"  # below it stands why there is no number, as far as that is known now
    assert office.run("scorecard", "2023-12", plan=NEXT).out.partition(table)[0] == shown.partition(table)[0]
    assert "2023-12" in office.run("publications", plan=NEXT).out


def test_an_earlier_plan_reaches_further_back(computed: Office) -> None:
    office = computed
    shutil.copytree(office.plans / PLAN, office.plans / "plan_7_KH-UBND_2022")
    office.edit("plan_7_KH-UBND_2022/plan.yaml", "[2023]", "[2022]")
    told = office.run("init").out
    assert "plan_7_KH-UBND_2022 is loaded" in told
    assert "values are computed from 2021-01-01 on, the year before plan_7_KH-UBND_2022" in told
    assert "D01 says 'above the same period of 2022', and a direction is compared with the year before its plan's, 2021" in told
    assert office.marks()["one_stop"] == [*(f"2021-{month:02d}" for month in range(1, 13)), "2022-12"]
    office.settle("2022-12")
    assert (office.value(ON_TIME, "2022-12")["plan_code"], office.value(ON_TIME, "2022-12")["target"]) == (
        "plan_7_KH-UBND_2022",
        Decimal("0.96"),
    )
    assert office.differences() == []


def test_the_past_is_judged_by_the_plan_of_its_period(computed: Office) -> None:
    office = computed
    office.add_plan()
    office.run("init")
    office.run("refresh")
    january, december = parse_period("2024-01"), parse_period("2023-12")
    with as_known_at(office.settings, NEW_YEAR) as (connection, then):
        for period in (january, december):
            compute_known(connection, then, period)
        found = connection.exec_driver_sql(
            "select period_start, plan_code, target from mart.indicator_value where indicator_code = 'dossier_on_time_rate' "
            "and unit_code = 'all' and basis = 'period' and period_kind = 'month' and period_start >= '2023-12-01' order by 1"
        ).all()
    assert [(row[1], Fraction(row[2])) for row in found] == [(PLAN, Fraction(96, 100)), (NEXT, Fraction(98, 100))]


def test_papers_exports_and_outlooks_find_the_plan_by_the_period(computed: Office) -> None:
    office = computed
    for period in ("2022-12", "2024-01"):
        said = office.run("report", period).out
        page = next(path for path in said.split() if path.endswith(f"cong_khai_{period}.html"))
        words = Path(page).read_text(encoding="utf-8")
        assert NO_PLAN_VI in words and "53/KH-UBND" not in words and "chỉ tiêu đạt, trên số" not in words
        annex = next(path for path in said.split() if path.endswith(f"phu_luc_ke_hoach_{period}.html"))
        assert NO_PLAN_VI in Path(annex).read_text(encoding="utf-8")
    assert "no plan holds in 2022: there is no target to look ahead to" in office.run("outlook", "2022-12", code=2).err
    office.add_plan()
    office.run("init")
    office.run("refresh")
    said = office.run("report", "2024-01", plan=PLAN).out
    page = next(path for path in said.split() if path.endswith("cong_khai_2024-01.html"))
    words = Path(page).read_text(encoding="utf-8")
    assert NO_PLAN_VI not in words and "99/KH-UBND" in words and "Cao hơn cùng kỳ năm 2023" in words
    assert "2024" in office.run("outlook", "2024-01", plan=PLAN).out
    lines = office.run("export", ON_TIME, "--period", "2024-01", plan=PLAN).out.splitlines()
    assert len(lines) > 50 and all(line.startswith(NEXT) for line in lines[1:])
    assert "Điểm" in office.run("score", "2024-01", plan=PLAN).out
    assert office.run("form", "2024-01", plan=PLAN).out
    doctor = office.run("doctor", code=0).out
    assert f"{NEXT}: 45 targets by level and 6 directions, in force in 2024" in doctor and f"CCHC_PLAN names {PLAN}" in doctor
