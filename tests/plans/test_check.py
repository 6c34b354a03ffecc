"""`cchc plan check | diff`: what is wrong with a plan before it is loaded, and what it asks otherwise than another one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.reference.plan_check import check_plan
from cchc.settings import PROJECT, Settings
from tests.support.cli import Said, cchc

PLAN, NEXT = "plan_53_KH-UBND_2023", "plan_99_KH-UBND_2024"
EXAMPLE = PROJECT / "docs" / "examples" / "plans" / NEXT

Run = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of plans with the plan of 2023; the command line reads it. No warehouse is there."""
    shutil.copytree(PROJECT / "include" / "plans", tmp_path / "plans")
    load = Settings.load
    monkeypatch.setattr(Settings, "load", lambda: replace(load(), plans_dir=tmp_path / "plans", warehouse_url="postgresql://nowhere:1/x"))
    return tmp_path / "plans"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The plan of 2024 of the examples, in a folder that is not yet among the plans."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "incoming" / NEXT))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} does not say {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_plans_of_the_project_have_nothing_to_correct(folder: Path, example: Path) -> None:
    said = cchc("plan", "check")
    assert (said.code, "WRONG" in said.out) == (0, False)
    assert f"{PLAN}: 45 targets by level and 6 directions, in force in 2023\nNothing to correct." in said.out
    said = cchc("plan", "check", str(example))
    assert (said.code, "WRONG" in said.out) == (0, False)
    assert f"{NEXT}: 45 targets by level and 6 directions, in force in 2024" in said.out
    assert f"LOOK  {NEXT}/targets.csv: no line has the number T06; is one missing?" in said.out
    assert not (folder / NEXT).exists(), "nothing is loaded, nothing is copied"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("targets.csv", "dossier_on_time_rate", "dossier_ontime_rate",
         "targets.csv, line 22: indicator dossier_ontime_rate is computed, and indicators.yaml has none of that code; did you mean "
         "'dossier_on_time_rate'? Add it there, or correct the code (rule: indicator)"),
        ("targets.csv", "legal_document_review_rate", "legal_documents_review_rate",
         "targets.csv, line 3: indicator legal_documents_review_rate is declared, and declarations.yaml does not say by whom; did you mean "
         "'legal_document_review_rate'?"),
        ("targets.csv", "legal_document_review_rate,all,=,100,QPPL documents reviewed,\"QPPL documents issued by HĐND, UBND and subject to "
         "review\",milestone,Phòng Tư pháp,declared", "legal_document_review_rate,all,=,100,QPPL documents reviewed,x,milestone,Phòng Tư "
         "pháp,computed", "targets.csv, line 3: how is 'computed', and indicator legal_document_review_rate is declared by units"),
        ("targets.csv", "staff_training_rate,all", "staff_training_rate,ward", "level is 'ward', it must be all, district, commune, or"),
        ("targets.csv", "dossier_on_time_rate,all,>=,98", "dossier_on_time_rate,all,>=,", "target_percent is empty (rule: empty)"),
        ("targets.csv", "T40,", "T20,", "targets.csv, line 42: T20 stands for level all already in"),
        ("directions.csv", ",up,", ",upwards,", "directions.csv, line 4: direction is 'upwards', it must be one of: up, down"),
        ("plan.yaml", "levels: [district, commune]", "levels: [district, commune, ward]",
         "plan.yaml: levels names ward, and units.csv has no unit of that level in 2024; there are: commune, district"),
        ("plan.yaml", "years: [2024]", "years: [2023]", f"{PLAN} and {NEXT} both hold on 2023-01-01; a period belongs to one plan"),
        ("plan.yaml", "years: [2024]", "valid_from: 2023-07-01\nvalid_to: 2024-06-30", f"{PLAN} and {NEXT} both hold on 2023-07-01"),
        ("plan.yaml", "date: 2024-01-05", "date: 5/1/2024", "plan.yaml, line 5: 'date' must be a day YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_line_and_rule(folder: Path, example: Path, file: str, old: str, new: str, said: str) -> None:
    edit(example / file, old, new)
    told = cchc("plan", "check", str(example))
    assert told.code == 1
    wrong = [line for line in told.out.splitlines() if line.startswith("WRONG")]
    assert any(said in line and "(rule: " in line for line in wrong), told.out
    assert "1 to correct. Nothing was loaded." in told.out


def test_a_count_reaches_no_share(folder: Path, example: Path) -> None:
    edit(example / "directions.csv", "ecertified_copy_count", "dossier_in_time_overall_rate")
    edit(example / "targets.csv", ",dossier_on_time_first_due_rate,", ",ecertified_copy_count,")
    said = cchc("plan", "check", str(example))
    words = "targets.csv, line 42: indicator ecertified_copy_count counts and has no denominator, so it reaches no share of 100; give it"
    assert (said.code, words in said.out, "(rule: target_of_count)" in said.out) == (1, True, True)


def test_every_mistake_is_told_at_once(folder: Path, example: Path) -> None:
    edit(example / "targets.csv", ",milestone,", ",mile stone,")
    edit(example / "targets.csv", "dossier_on_time_rate,all,>=,98", "dossier_on_time_rate,all,>,98")
    edit(example / "plan.yaml", "number:", "numbr:")
    said = cchc("plan", "check", str(example)).out
    assert "line 4: unknown key 'numbr'" in said
    edit(example / "plan.yaml", "numbr:", "number:")
    said = cchc("plan", "check", str(example)).out
    assert "line 2: kind is 'mile stone'" in said and "line 22: operator is '>'" in said and "2 to correct." in said


def test_what_can_be_meant_is_a_remark(folder: Path, example: Path) -> None:
    edit(example / "plan.yaml", "date: 2024-01-05", "date: 2025-01-05")
    edit(example / "directions.csv", "above 2023", "above 2021")
    verdict = check_plan(Settings.load(), example)
    assert verdict.mistakes == ()
    assert any("it was signed on 2025-01-05, after the last day on which it holds, 2024-12-31" in remark for remark in verdict.remarks)
    assert any("D02 says 'above 2021'" in remark for remark in verdict.remarks)
    assert any("lead_agency 'Văn phòng HĐND-UBND' is the name of no unit" in remark for remark in verdict.remarks)


def test_a_plan_that_is_changed_is_no_other_plan_than_the_one_in_its_place(folder: Path, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(folder / PLAN, tmp_path / "incoming" / PLAN))
    assert cchc("plan", "check", str(changed)).code == 0


def test_a_wrong_name_and_a_wrong_cchc_plan_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = cchc("plan", "check", "plan_53_KH-UBND_2022")
    assert (said.code, "did you mean 'plan_53_KH-UBND_2023'?" in said.err) == (2, True)
    monkeypatch.setenv("CCHC_PLAN", "plan_x")
    said = cchc("plan", "check")
    assert (said.code, f"WRONG CCHC_PLAN names the plan plan_x, and there are: {PLAN}" in said.out) == (1, True)


def test_the_difference_of_two_years(folder: Path, example: Path) -> None:
    said = cchc("plan", "diff", PLAN, str(example), "--wide")
    assert said.code == 0
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    for expected in (
        "header number: 53/KH-UBND → 99/KH-UBND",
        "header holds: in 2023 → in 2024",
        "new T40 dossier_on_time_first_due_rate all >= 90 %",
        "dropped T06 sample_dossier_rate all >= 70 %",
        "changed T20 dossier_on_time_rate all >= 96 % → all >= 98 %",
        "changed T16, T17 online_dossier_rate district >= 30 %, commune >= 20 % → district >= 40 %, commune >= 30 %",
        "changed T21 procedure_satisfaction_rate all >= 93 % → commune >= 95 %",
    ):
        assert any(line.startswith(expected) for line in lines), (expected, said.out)
    assert not any("electronic_result_rate" in line for line in lines), "what both ask is not told"
    assert cchc("plan", "diff", PLAN, str(example), "--exit-code").code == 1
    same = cchc("plan", "diff", PLAN, PLAN, "--exit-code")
    assert (same.code, same.out) == (0, f"{PLAN} asks what {PLAN} asks\n")


def test_another_office_kind_and_description_are_differences(folder: Path, example: Path) -> None:
    edit(example / "targets.csv", "resolved dossiers with a due,flow,Văn phòng HĐND-UBND", "resolved dossiers,flow,Phòng Nội vụ")
    said = cchc("plan", "diff", str(EXAMPLE), str(example)).out
    assert "office Văn phòng HĐND-UBND → Phòng Nội vụ" in said
    assert "denominator «resolved dossiers with a due» → «resolved dossiers»" in " ".join(said.split())


def test_a_difference_needs_two_plans_that_can_be_read(folder: Path, example: Path) -> None:
    assert cchc("plan", "diff", PLAN).code == 2
    edit(example / "targets.csv", ",milestone,", ",mile stone,")
    said = cchc("plan", "diff", PLAN, str(example))
    assert (said.code, "kind is 'mile stone'" in said.err) == (1, True)
