"""Units through the reorganisations of 2024 and 2025, and a working calendar that is decided late."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.pipeline.refresh import refresh
from cchc.reference.load import load_reference
from cchc.reference.unit_list import read_units
from cchc.settings import PROJECT, Settings
from tests.secondary.conftest import Desk
from tests.support.files import csv_rows

PLAN_YEAR = PROJECT / "tests" / "oracle" / "reference" / "units.csv"


def copied(settings: Settings, folder: Path) -> Settings:
    """The settings with a copy of the reference data that may be edited."""
    shutil.copytree(settings.authority_dir, folder / "reference")
    return replace(settings, authority_dir=folder / "reference")


def test_the_units_of_2023_are_as_they_were(warehouse: Settings) -> None:
    now = {row["unit_code"]: row for row in csv_rows(warehouse.authority_dir / "units.csv")}
    for row in csv_rows(PLAN_YEAR):
        assert {name: now[row["unit_code"]][name] for name in row} == row
    units = [state for states in read_units(warehouse.authority_dir / "units.csv").states.values() for state in states]
    tree = [unit for unit in units if unit.root_code == "H19.16"]
    assert {unit.unit_code for unit in tree} == {row["unit_code"] for row in csv_rows(PLAN_YEAR)}
    later = [unit for unit in units if unit.root_code != "H19.16"]
    assert {unit.level for unit in later} == {"province", "commune", "ward"}
    assert min(unit.valid_from for unit in later) == date(2025, 7, 1)
    taken = [code for unit in units for code in unit.predecessors]
    ended = [unit.unit_code for unit in tree if unit.kind == "commune"]
    assert sorted(taken) == sorted(ended), "every commune of 2023 has exactly one successor"


def test_later_units_change_no_figure_scope_or_coverage_of_the_plan(desk: Desk) -> None:
    desk.assessments("assessments_1.csv", ("D1", "20230510080000", "hai_long"), ("D2", "20250805080000", "hai_long"))
    desk.ingest("one_stop", "2025-09-01")
    desk.settle("2023-05", "2025-08")
    scopes = {row["unit_code"] for row in desk.rows("select distinct unit_code from mart.indicator_value")}
    assert scopes == {row["unit_code"] for row in csv_rows(PLAN_YEAR)} | {"all", "level:district", "level:commune"}
    coverage = desk.rows(
        "select unit_code, cast(period_start as text) as start, coverage from mart.indicator_value "
        "where indicator_code = 'procedure_satisfaction_rate' and period_kind = 'month' and basis = 'period' "
        "and period_start in (date '2023-05-01', date '2025-08-01') and unit_code in ('all', 'level:commune') order by 2, 1"
    )
    assert [(row["unit_code"], row["start"], row["coverage"]) for row in coverage[:2]] == [
        ("all", "2023-05-01", coverage[0]["coverage"]), ("level:commune", "2023-05-01", 0),
    ]  # fmt: skip
    assert round(float(coverage[0]["coverage"]) * 24) == 1, "one of 12 offices and units and 12 communes"
    assert [row["coverage"] for row in coverage[2:]] == [None, None], "after June 2025 nobody of the plan's tree is expected"


@pytest.mark.parametrize(
    ("code", "changes", "words"),
    [
        ("H19.16.29", {"predecessors": "H19.16.99"}, "unit H19.16.29 names the predecessor H19.16.99, which is not in the list"),
        ("H19.16.29", {"predecessors": "H19.16.29"}, "which is itself"),
        ("H19.2025", {"predecessors": "H19.2025.26170"}, "which has not ended"),
        ("H19.2025.26173", {"valid_from": "2025-08-01"}, "which ended on 2025-06-30; the unit is not valid on the day after"),
        ("H19.16.21", {"parent_code": "H19.17"}, "hangs below H19.17, which is not in the list"),
    ],
)
def test_a_list_of_units_that_does_not_fit_is_refused(
    warehouse: Settings, tmp_path: Path, code: str, changes: dict[str, str], words: str
) -> None:
    edited = copied(warehouse, tmp_path)
    rows = csv_rows(edited.authority_dir / "units.csv")
    with (edited.authority_dir / "units.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | (changes if row["unit_code"] == code else {}) for row in rows)
    with pytest.raises(NotConfigured, match=words):
        read_units(edited.authority_dir / "units.csv")


def procedures(desk: Desk, decided: str, published: str) -> None:
    listed = {
        "MaTTHC": "1.000001", "MaDonVi": "H19.16.3", "HieuLucTu": "20220101000000", "NgayQuyetDinhCongBo": decided, "NgayCongKhai": published,
        "TrangThai": "cong_khai",
    }  # fmt: skip
    desk.drop("one_stop", "procedures_1.ndjson", json.dumps(listed).encode() + b"\n")


def test_a_calendar_that_is_decided_late_marks_what_it_changes(desk: Desk, tmp_path: Path) -> None:
    # decided on Wednesday 7 June 2023: the fifth working day after is Wednesday the 14th
    procedures(desk, "20230607000000", "20230615000000")
    desk.ingest("one_stop", "2023-12-20")
    desk.settle("2023-06", "2023-12")
    assert desk.counts("procedure_update_timely_rate", "month", "2023-06-01") == (0, 1)

    edited = copied(desk.settings, tmp_path)
    assert load_reference(edited) == []
    assert desk.rows("select * from ops.dirty_month") == [], "nothing new, nothing marked"
    with (edited.authority_dir / "working_day_overrides.csv").open("a", encoding="utf-8") as file:
        file.write('2023-06-12,false,"made-up decision for a test"\n')
    assert load_reference(edited) == ["2023-06-12 is no working day now (made-up decision for a test)"]
    marked = desk.rows("select source_code, cast(month_start as text) as month, reason from ops.dirty_month order by 2")
    assert {row["source_code"] for row in marked} == {"one_stop"}
    assert [row["month"] for row in marked] == [f"2023-{month:02d}-01" for month in range(6, 13)], "no decision of May has another limit"
    assert {row["reason"] for row in marked} == {"the working calendar changed"}
    refresh(edited, [date(2023, 6, 1), date(2023, 12, 1)])
    assert desk.counts("procedure_update_timely_rate", "month", "2023-06-01") == (1, 1)
    assert desk.counts("procedure_update_timely_rate", "year", "2023-01-01") == (1, 1)


def test_the_swap_that_the_package_of_holidays_lacks(desk: Desk) -> None:
    found = desk.rows("select cast(day as text) as day, is_working, reason from core.working_day where day in ('2026-01-02', '2026-01-10')")
    assert [(row["day"], row["is_working"]) for row in found] == [("2026-01-02", False), ("2026-01-10", True)]
    assert all("2 January 2026" in row["reason"] or "10 January 2026" in row["reason"] for row in found)
