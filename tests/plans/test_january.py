"""The turn of the year: the pipeline goes on by itself, whether the plan comes late or the data of December do."""

from __future__ import annotations

import copy

import pytest

from tests.oracle.small_worlds import at
from tests.plans.conftest import NEXT, PLAN, Office
from tests.plans.district import district, ended

NO_PLAN_VI = "Không có kế hoạch nào áp dụng cho kỳ này: chỉ đo, không đánh giá"
ON_TIME = "dossier_on_time_rate"


@pytest.fixture
def office(computed: Office) -> Office:
    """An office at the turn of the year, with what came in January and February."""
    computed.world = copy.deepcopy(district())
    for day in ("2024-01-15", "2024-02-06"):
        for number in range(4):
            ended(computed.world, f"{day}-{number}", day, late=number == 0)
    assert computed.server is not None
    computed.server.world = computed.world
    return computed


def test_january_is_computed_closed_and_told_without_being_forced(office: Office) -> None:
    # each load marks the months that it touches, in the new year as in the old one; nobody names a month
    for moment, month, closed in (("2024-02-01", "2024-01", "2024-01"), ("2024-03-01", "2024-02", None)):
        office.ingest(at(f"{moment}T00:00:00"))
        assert month in office.marks()["one_stop"]
        office.execute("delete from ops.dirty_month where to_char(month_start, 'YYYY-MM') < :m", m=month)
        office.run("refresh")
        assert office.marks() == {}
        row = office.value(ON_TIME, month, basis="period")
        assert (row["value"] is not None, row["is_provisional"] is not None) == (True, True)
        assert (row["target"], row["status"], row["no_target_reason"], row["plan_code"]) == (None, None, "no plan holds", PLAN)
        assert NO_PLAN_VI in office.run("scorecard", month).out
        if closed:
            office.run("close", closed, "--approved-by", "a tester", "--incomplete")
            (edition,) = office.rows("select plan_code, edition from mart.publication where period_start = '2024-01-01'")
            assert (edition["plan_code"], edition["edition"]) == (PLAN, 1)
    shown = office.run("scorecard", "2024-01").out
    assert "dossier_on_time" not in office.run("restatements", "2024-01").out

    # the plan comes in March: both months are judged, and what was published stays as it was published
    office.add_plan()
    told = office.run("init").out
    assert "values of 2024-01, 2024-02 are judged otherwise" in told
    office.run("refresh")
    for month in ("2024-01", "2024-02"):
        row = office.value(ON_TIME, month, basis="period")
        assert (row["plan_code"], str(row["target"]), row["no_target_reason"]) == (NEXT, "0.98", None)
    assert NO_PLAN_VI in office.run("scorecard", "2024-01").out, "as it was published"
    assert office.run("scorecard", "2024-01").out.splitlines()[:5] == shown.splitlines()[:5]
    assert "98,00 %" in office.run("scorecard", "2024-01", "--current").out


def test_loads_of_january_one_by_one_give_what_one_load_would(computed: Office) -> None:
    # late data of December come on 10 January, after December is closed; the plan of 2024 comes on 5 January
    world = computed.world = copy.deepcopy(district())
    for number in range(3):
        ended(world, f"late-{number}", "2023-12-27", "2024-01-10", late=True)
    for day in ("2024-01-02", "2024-01-04", "2024-01-09", "2024-01-17"):
        ended(world, f"new-{day}", day, late=day == "2024-01-09")
    assert computed.server is not None
    computed.server.world = world
    for day in ("2024-01-05", "2024-01-08", "2024-01-11", "2024-01-20"):
        if day == "2024-01-05":
            computed.add_plan()
            assert f"{NEXT} is loaded" in computed.run("init").out
        computed.ingest(at(f"{day}T00:00:00"))
        computed.run("refresh")
        assert computed.marks() == {}, "nobody names a month, and none waits"
        if day == "2024-01-08":
            computed.run("close", "2023-12", "--approved-by", "a tester", "--incomplete")
            before = computed.published()

    # every value, of both years and of the year before, is that of the second implementation, which knows everything at once
    assert computed.differences() == []
    for period, plan in (("2023-12", PLAN), ("2023", PLAN), ("2024-01", NEXT)):
        assert computed.value(ON_TIME, period)["plan_code"] == plan
    year, december, january = (computed.value(ON_TIME, period) for period in ("2023", "2023-12", "2024-01"))
    assert (year["numerator"], year["denominator"]) == (december["numerator"], december["denominator"]) == (52, 56)
    assert (january["numerator"], january["denominator"]) == (22, 24)

    # December stays as it was published, and the three dossiers that came late are a restatement of it and of its year to date
    assert {name: rows for name, rows in computed.published().items() if name != "publication"} == {
        name: rows for name, rows in before.items() if name != "publication"
    }
    told = computed.run("restatements", "2023-12").out
    assert "dossier_on_time_rate" in told, told
    assert "98,00 %" not in computed.run("scorecard", "2023-12", "--current").out.split("T20")[1].splitlines()[0]
    for command in (("outlook", "2024-01"), ("form", "2023"), ("scorecard", "2023"), ("plan", "check"), ("plan", "diff", PLAN, NEXT)):
        computed.run(*command)
