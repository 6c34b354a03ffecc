"""What a plan's files may say, how they are refused, and which plan a day belongs to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.period import parse_period, periods_of_year
from cchc.reference.plan import Years, chosen, first_day, in_words, place, plan_on, plans, targets
from cchc.settings import PROJECT, Settings

HERE = Path(__file__).parent
PLAN, NEXT = "plan_53_KH-UBND_2023", "plan_99_KH-UBND_2024"
TARGETS, DIRECTIONS = f"{NEXT}_targets.csv", f"{NEXT}_directions.csv"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a folder of both plans."""
    for path in [*(PROJECT / "include" / "plans").glob("*.csv"), *HERE.glob("*.csv")]:
        shutil.copy(path, tmp_path)
    return replace(Settings.load(), plans_dir=tmp_path, plan=PLAN)


def test_both_plans_are_read_and_the_chosen_one_is_named(settings: Settings) -> None:
    found = plans(settings)
    assert [(plan.code, plan.year) for plan in found] == [(PLAN, 2023), (NEXT, 2024)]
    assert (len(targets(settings)), chosen(replace(settings, plan=NEXT)).year) == (51, 2024)
    by_number = {row["target_no"]: row for row in found[0].rows}
    assert (by_number["D01"]["operator"], by_number["D01"]["operator_text"]) == ("up", "above the same period of 2022")
    assert (by_number["D04"]["operator"], by_number["T01"]["operator"], by_number["T06"]["operator"]) == ("down", "=", ">=")
    assert [row["level"] for row in found[0].rows if row["target_no"] == "T03a"] == ["district", "commune"]
    assert found[0].remarks == found[1].remarks == ()
    assert in_words(settings).endswith(f"CCHC_PLAN names {PLAN}")
    assert first_day(settings) == date(2022, 1, 1) == first_day(replace(settings, plan=NEXT)), "the year before the earliest plan's"
    with pytest.raises(NotConfigured, match="CCHC_PLAN names the plan plan_x_2023, and .* has none of that name; there are: plan_53"):
        plans(replace(settings, plan="plan_x_2023"))


def test_a_file_of_a_spreadsheet_is_read(settings: Settings) -> None:
    path = settings.plans_dir / TARGETS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_text(encoding="utf-8").replace("\n", "\r\n").encode() + b"\r\n,,,,,,,,,,,,\r\n")
    assert plans(settings)[1].rows[0]["target_no"] == "T01"


def test_a_direction_that_names_another_year_is_told(settings: Settings) -> None:
    path = settings.plans_dir / DIRECTIONS
    path.write_text(
        path.read_text(encoding="utf-8").replace("above the same period of 2023", "above the same period of 2021"), encoding="utf-8"
    )
    (remark,) = plans(settings)[1].remarks
    assert f"{DIRECTIONS}, line 2: D01 says 'above the same period of 2021'" in remark and "2023: write 2023 there" in remark


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (TARGETS, lambda t: t.replace(",=,100", ",>,100", 1), "line 2: operator is '>', it must be one of: =, >="),
        (TARGETS, lambda t: t.replace(",=,100", ",≥,100", 1), "line 2: operator is '≥', it must be one of: =, >="),
        (TARGETS, lambda t: t.replace(",milestone,", ",mile stone,", 1), "line 2: kind is 'mile stone', it must be one of: flow, stock, milestone"),
        (TARGETS, lambda t: t.replace(",98,(early", ',"98,5",(early'), "line 22: target_percent is '98,5', it must be a number from 0 to 100"),
        (TARGETS, lambda t: t.replace(",98,(early", ",nan,(early"), "line 22: target_percent is 'nan'"),
        (TARGETS, lambda t: t.replace(",98,(early", ",980,(early"), "line 22: target_percent is '980'"),
        (TARGETS, lambda t: t.replace(",98,(early", ",,(early"), "line 22: target_percent is empty"),
        (TARGETS, lambda t: t.replace("district commune", "district communes", 1), "line 4: level is 'district communes', it must be all, district,"),
        (TARGETS, lambda t: t.replace("district commune", "all commune", 1), "line 4: level is 'all commune'"),
        (TARGETS, lambda t: t.replace(",declared", ",by hand", 1), "line 2: how is 'by hand', it must be one of: computed, declared"),
        (TARGETS, lambda t: t.replace("legal_drafting_on", "Legal drafting on", 1), "line 2: indicator_code is 'Legal drafting on_schedule_rate'"),
        (TARGETS, lambda t: t.replace("target_percent", "target"), "line 1: the header lacks target_percent; it has: target_no, section"),
        (TARGETS, lambda t: t.replace(",", ";"), "line 1: the header lacks target_no, section, .*The columns are separated by commas"),
        (TARGETS, lambda t: t + "T98,7.1\n", "line 42: 2 cells, and the header has 13; put text with a comma between quotes"),
        (TARGETS, lambda t: t + '"T98', "line 42: unexpected end of data"),
        (TARGETS, lambda t: t.split("\n")[0] + "\n", "the file has no target"),
        (TARGETS, lambda t: t.replace("T02,", "T01,", 1), "line 3: T01 stands for level all already in .*line 2"),
        (TARGETS, lambda t: t.replace("dossier_digitized_rate,commune", "dossier_digitized_rate,all"),
         "line 14: dossier_digitized_rate has a target at level district already .*line 13.*; one number is judged by one target"),
        (DIRECTIONS, lambda t: t.replace("above 2023", "better than 2023"), "line 3: direction is 'better than 2023', it must be one of: up, down, above 2023,"),
        (DIRECTIONS, lambda t: t.replace(",up,", ",Up,"), "line 4: direction is 'Up'"),
        (DIRECTIONS, lambda t: t.replace("above 2023", "above"), "line 3: direction is 'above'"),
        (DIRECTIONS, lambda t: t.replace("par_index_score", "dossier_on_time_rate"), "line 3: dossier_on_time_rate has a target at level all already .T20,"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_file_and_line(settings: Settings, name: str, change: Callable[[str], str], said: str) -> None:
    path = settings.plans_dir / name
    before = path.read_text(encoding="utf-8")
    assert change(before) != before
    path.write_text(change(before), encoding="utf-8")
    with pytest.raises(NotConfigured, match=f"{name}.*{said}"):
        plans(settings)


def test_files_that_make_no_plan_are_refused(settings: Settings) -> None:
    folder = settings.plans_dir
    (folder / "~$plan.csv").write_text("open in a spreadsheet")
    assert len(plans(settings)) == 2
    (folder / DIRECTIONS).rename(folder / "aside")
    with pytest.raises(
        NotConfigured, match=f"the plan {NEXT} needs {DIRECTIONS} in .*; a plan without directions has the file with its header"
    ):
        plans(settings)
    (folder / "aside").rename(folder / DIRECTIONS)
    (folder / "plan_99_targets.csv").write_text("x")
    with pytest.raises(NotConfigured, match=r"plan_99_targets.csv: the name is neither <plan>_<year>_targets.csv nor"):
        plans(settings)
    (folder / "plan_99_targets.csv").unlink()
    shutil.copy(folder / TARGETS, folder / "plan_7_2023_targets.csv")
    with pytest.raises(NotConfigured, match="plan_53_KH-UBND_2023 and plan_7_2023 are both plans of 2023; a period belongs to one plan"):
        plans(settings)
    for path in folder.glob("*.csv"):
        path.unlink()
    with pytest.raises(NotConfigured, match="has no plan: it needs"):
        plans(settings)


def test_the_plan_of_a_day(settings: Settings) -> None:
    two = [plan.years for plan in plans(settings)]
    gap = [Years("a", date(2021, 1, 1), date(2021, 12, 31)), Years("b", date(2024, 1, 1), date(2024, 12, 31))]
    for day, known, expected in (
        (date(2023, 1, 1), two, (PLAN, True)), (date(2023, 12, 31), two, (PLAN, True)), (date(2024, 1, 1), two, (NEXT, True)),
        (date(2022, 12, 31), two, (PLAN, False)), (date(2025, 1, 1), two, (NEXT, False)), (date(2024, 6, 1), two[:1], (PLAN, False)),
        (date(2022, 6, 1), gap, ("b", False)), (date(2020, 6, 1), gap, ("a", False)), (date(2030, 6, 1), gap, ("b", False)),
        (date(2022, 6, 1), gap[::-1], ("b", False)), (date(2030, 6, 1), gap[::-1], ("b", False)),
    ):  # fmt: skip
        assert place(known, day) == expected, day
    with pytest.raises(NotConfigured, match="no plan is loaded"):
        place([], date(2023, 1, 1))
    assert plan_on(settings, date(2024, 3, 1)).code == NEXT


def test_every_period_of_a_year_belongs_to_the_plan_of_that_year(settings: Settings) -> None:
    two = [plan.years for plan in plans(settings)]
    for year, code in ((2023, PLAN), (2024, NEXT)):
        assert {place(two, period.last_day) for period in periods_of_year(year)} == {(code, True)}
    across = parse_period("2024-01R")
    assert (across.start, across.last_day) == (date(2023, 12, 15), date(2024, 1, 14))
    assert place(two, across.last_day) == (NEXT, True)
