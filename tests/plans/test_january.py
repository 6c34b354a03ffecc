"""The first months of a year for which no plan has come: the pipeline goes on by itself, and says that nothing is judged."""

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
