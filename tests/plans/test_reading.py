"""What a plan's files may say, how they are refused, and which plan a day belongs to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from cchc.errors import NotConfigured
from cchc.period import parse_period, periods_of_year
from cchc.reference.plan import chosen, first_day, in_words, place, plan_on, plans, targets
from cchc.reference.plan_folder import Years
from cchc.reference.plan_header import Level
from cchc.reference.unit_list import LEVELS
from cchc.settings import PROJECT, Settings

PLAN, NEXT = "plan_53_KH-UBND_2023", "plan_99_KH-UBND_2024"
TARGETS, DIRECTIONS, HEADER = f"{NEXT}/targets.csv", f"{NEXT}/directions.csv", f"{NEXT}/plan.yaml"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a folder of both plans."""
    for path in (PROJECT / "include" / "plans" / PLAN, PROJECT / "docs" / "examples" / "plans" / NEXT):
        shutil.copytree(path, tmp_path / path.name)
    return replace(Settings.load(), plans_dir=tmp_path, plan=PLAN)


def test_both_plans_are_read_and_the_chosen_one_is_named(settings: Settings) -> None:
    found = plans(settings)
    assert [(plan.code, plan.header.years) for plan in found] == [(PLAN, [2023]), (NEXT, [2024])]
    assert [(plan.header.number, plan.header.date) for plan in found] == [
        ("53/KH-UBND", date(2023, 1, 17)),
        ("99/KH-UBND", date(2024, 1, 5)),
    ]
    assert (len(targets(settings)), chosen(replace(settings, plan=NEXT)).code) == (51, NEXT)
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
        (TARGETS, lambda t: t + "T98,7.1\n", "line 43: 2 cells, and the header has 13; put text with a comma between quotes"),
        (TARGETS, lambda t: t + '"T98', "line 43: unexpected end of data"),
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


def test_what_makes_no_plan_is_refused(settings: Settings) -> None:
    folder = settings.plans_dir
    (folder / "~$plan.csv").write_text("open in a spreadsheet")
    (folder / NEXT / "~$targets.csv").write_text("open in a spreadsheet")
    (folder / NEXT / "99-KH-UBND.signed.pdf").write_text("the signed plan")
    assert len(plans(settings)) == 2
    (folder / DIRECTIONS).rename(folder / NEXT / "aside.txt")
    with pytest.raises(
        NotConfigured, match=f"the plan {NEXT} needs directions.csv; a plan without directions has the file with its header"
    ):
        plans(settings)
    (folder / NEXT / "aside.txt").rename(folder / NEXT / "direction.csv")
    with pytest.raises(NotConfigured, match=r"direction.csv: a plan is read from plan.yaml, .* did you mean 'directions.csv'"):
        plans(settings)
    (folder / NEXT / "direction.csv").rename(folder / DIRECTIONS)
    (folder / "targets.csv").write_text("x")
    with pytest.raises(
        NotConfigured, match=r"targets.csv: a plan is a folder with plan.yaml, targets.csv and directions.csv; put the file"
    ):
        plans(settings)
    (folder / "targets.csv").unlink()
    (folder / NEXT).rename(folder / "kế hoạch 2024")
    with pytest.raises(NotConfigured, match=r"the name of the folder is the code of the plan: letters without accents.*rule: folder"):
        plans(settings)
    (folder / "kế hoạch 2024").rename(folder / NEXT)
    shutil.copytree(folder / PLAN, folder / "plan_7")
    with pytest.raises(
        NotConfigured, match="plan_53_KH-UBND_2023 and plan_7 both hold on 2023-01-01; a period belongs to one plan.*overlap"
    ):
        plans(settings)
    for name in ("plan_7", PLAN, NEXT):
        shutil.rmtree(folder / name)
    with pytest.raises(NotConfigured, match="has no plan: a plan is a folder"):
        plans(settings)


def test_a_plan_of_two_files_is_told_what_to_do_and_stays_the_same_plan(settings: Settings) -> None:
    folder = settings.plans_dir
    rows = plans(settings)[1].rows
    for part in ("targets", "directions"):
        (folder / NEXT / f"{part}.csv").rename(folder / f"{NEXT}_{part}.csv")
    header = (folder / HEADER).read_text(encoding="utf-8")
    shutil.rmtree(folder / NEXT)
    with pytest.raises(NotConfigured, match=rf"the plan {NEXT} lies there as two files, .* Make the folder {NEXT}, .* years: \[2024\]"):
        plans(settings)
    # as the message says
    (folder / NEXT).mkdir()
    for part in ("targets", "directions"):
        (folder / f"{NEXT}_{part}.csv").rename(folder / NEXT / f"{part}.csv")
    (folder / HEADER).write_text(header, encoding="utf-8")
    assert plans(settings)[1].rows == rows


def test_the_name_of_a_plan_need_not_end_in_its_year(settings: Settings) -> None:
    (settings.plans_dir / NEXT).rename(settings.plans_dir / "ke-hoach")
    two = plans(settings)
    assert [(plan.code, plan.years.valid_from, plan.years.valid_to) for plan in two] == [
        (PLAN, date(2023, 1, 1), date(2023, 12, 31)), ("ke-hoach", date(2024, 1, 1), date(2024, 12, 31)),
    ]  # fmt: skip
    assert {row["plan_code"] for row in two[1].rows} == {"ke-hoach"}


def test_a_plan_of_several_years_and_one_of_some_months(settings: Settings) -> None:
    header = settings.plans_dir / HEADER
    text = header.read_text(encoding="utf-8")
    header.write_text(text.replace("[2024]", "[2024, 2025]"), encoding="utf-8")
    assert plans(settings)[1].words.endswith("in force in 2024 to 2025")
    assert plan_on(settings, date(2025, 12, 31)).code == NEXT and place([plans(settings)[1].years], date(2025, 12, 31)).holds
    header.write_text(text.replace("years: [2024]", "valid_from: 2024-07-01\nvalid_to: 2025-06-30"), encoding="utf-8")
    assert plans(settings)[1].years[1:] == (date(2024, 7, 1), date(2025, 6, 30))
    assert plans(settings)[1].words.endswith("in force from 2024-07-01 to 2025-06-30")
    assert not place([plan.years for plan in plans(settings)], date(2024, 6, 30)).holds
    shutil.rmtree(settings.plans_dir / PLAN)
    assert first_day(replace(settings, plan=NEXT)) == date(2023, 1, 1), "the whole year before, because a year to date begins there"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("number:", "numbr:", r"line 4: unknown key 'numbr'; did you mean 'number'\?.*rule: header"),
        ("date: 2024-01-05", "date: 5/1/2024", r"line 5: 'date' must be a day YYYY-MM-DD, found '5/1/2024'.*rule: header"),
        ("date: 2024-01-05", "date: 2024-01-05\ndate: 2024-01-06", "line 6: the key 'date' stands there a second time"),
        ("number: 99/KH-UBND\n", "", "the key 'number' is missing.*rule: header"),
        ("years: [2024]", "years: 2024", "line 7: 'years' must be a list, found 2024"),
        ("years: [2024]", "years: [2024, 2026]", r"years is \[2024, 2026\]; the years must follow one another, .*rule: dates"),
        ("years: [2024]", "years: [24]", "years.*must be at least 2000, found 24"),
        ("years: [2024]", "years: []", "line 7: 'years' is empty"),
        ("years: [2024]", "years: [2024]\nvalid_to: 2024-12-31", "it has years and valid_from or valid_to; keep one"),
        ("years: [2024]", "valid_from: 2024-01-01", "it does not say when its targets hold: write years"),
        ("years: [2024]", "valid_from: 2024-01-15\nvalid_to: 2024-12-31", "valid_from is 2024-01-15; it must be the first day of a month"),
        ("years: [2024]", "valid_from: 2024-01-01\nvalid_to: 2024-12-30", "valid_to is 2024-12-30; it must be the last day of a month"),
        ("years: [2024]", "valid_from: 2024-02-01\nvalid_to: 2023-12-31", "valid_to is 2023-12-31, before valid_from, 2024-02-01"),
        ("[district, commune]", "[district, communes]", "line 8: levels: 'entry 2' is 'communes'; did you mean 'commune'"),
        ("[district, commune]", "[district, district]", "levels is district, district; a level stands there twice"),
        ("[district, commune]", "[commune]", r"targets.csv, line 4: level is 'district commune', it must be all, commune \(levels of plan.yaml\)"),
        ("years: [2024]", "years: [2023]", f"{PLAN} and {NEXT} both hold on 2023-01-01"),
    ],
)  # fmt: skip
def test_a_header_that_is_wrong_is_refused_by_line_and_rule(settings: Settings, old: str, new: str, said: str) -> None:
    path = settings.plans_dir / HEADER
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NotConfigured, match=said):
        plans(settings)


def test_every_level_of_a_header_is_a_level_of_units() -> None:
    assert {*get_args(Level)} < {*LEVELS}


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
