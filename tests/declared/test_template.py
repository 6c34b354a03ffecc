"""The blank workbook: what it asks, what it refuses by itself, and that the intake takes it back when it is filled in."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cchc.cli import main as cli
from cchc.declared.intake import COLUMNS
from cchc.errors import NotConfigured
from cchc.reference.duties import duties
from cchc.settings import VINH_CUU, Settings
from tests.declared.conftest import Desk
from tests.support.declared import figure


def written(desk: Desk, folder: Path, *arguments: str) -> list[Path]:
    assert cli.main(["declare", "template", "--month", "2023-06", "--output", str(folder), *arguments]) == 0
    return sorted(folder.iterdir())


def test_one_workbook_for_a_unit_and_back_again(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put("H19.16.2", "2023-05", [figure("staff_training_rate", 9, 20)])
    desk.ingest("declared", "2023-06-01")
    (path,) = written(desk, tmp_path / "blank", "--unit", "H19.16.2")
    assert path.name == "tukhai_H19.16.2_2023-06.xlsx"
    book = load_workbook(path)
    assert book.sheetnames == ["SoLieu", "DanhMuc", "HuongDan"]
    sheet, listing, guide = (book[name] for name in book.sheetnames)
    assert tuple(cell.value for cell in sheet[1]) == COLUMNS
    codes = [str(sheet.cell(row, 1).value) for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value]
    required = [duty.indicator_code for duty in duties(desk.settings).of("H19.16.2").values() if duty.is_required]
    assert codes == required
    assert {"staff_training_rate", "par_index_score", "reform_inspection_coverage_rate"} < set(codes)
    assert "legal_document_review_rate" not in codes and "dossier_on_time_rate" not in codes

    # the catalogue: those, and the computed ones; not what nobody asks of the unit
    listed = [row[0] for row in listing.iter_rows(min_row=2, values_only=True)]
    assert listed[: len(codes)] == codes and "dossier_on_time_rate" in listed and "legal_document_review_rate" not in listed
    row = next(row for row in listing.iter_rows(values_only=True) if row[0] == "staff_training_rate")
    assert row[2] == "Tỷ lệ công chức, viên chức được bồi dưỡng nghiệp vụ"
    assert "T29" in str(row[3]) and row[4] == ">= 50 %" and row[5] == "Phòng Nội vụ"
    assert row[8:10] == (9, 20)  # last month
    assert "Tỷ lệ công chức" in sheet["A2"].comment.text or any("Tỷ lệ công chức" in c.comment.text for c in sheet["A"] if c.comment)
    assert {guide.cell(r, 1).value: guide.cell(r, 2).value for r in range(1, 6)}["MaDonVi"] == "H19.16.2"

    # filled in and sent
    for number, (code, duty) in enumerate(((c, duties(desk.settings).of("H19.16.2")[c]) for c in codes), 2):
        sheet[f"B{number}"] = {"rate": 3, "count": 7, "score": 8542}[duty.form]
        sheet[f"C{number}"] = {"rate": 4, "count": None, "score": 100}[duty.form]
        assert code
    book.save(desk.inbox("declared") / path.name)
    done = desk.ingest("declared", "2023-07-01")
    assert not done.blocked
    assert done.loads[0]["inserted"] == len(codes)
    # what is there already is never written over
    assert cli.main(["declare", "template", "--month", "2023-06", "--unit", "H19.16.2", "--output", str(tmp_path / "blank")]) == 2
    assert "already; nothing was written" in capsys.readouterr().err


def test_the_workbook_checks_itself(desk: Desk, tmp_path: Path) -> None:
    (path,) = written(desk, tmp_path / "blank", "--unit", "H19.16.4")
    sheet = load_workbook(path)["SoLieu"]
    rules = {str(rule.sqref)[0]: rule for rule in sheet.data_validations.dataValidation}
    assert rules["A"].type == "list" and rules["A"].formula1.startswith("DanhMuc!$A$2:")
    assert (rules["B"].type, rules["B"].operator, rules["B"].formula1) == ("whole", "between", "0")
    assert "$C2" in rules["B"].formula2 and "$B2" in rules["C"].formula1
    assert rules["E"].type == "date" and "H2:" in str(rules["E"].sqref)
    assert all(rule.showErrorMessage and rule.errorStyle == "stop" for rule in rules.values())
    formulas = [rule.formula[0] for area in sheet.conditional_formatting for rule in area.rules]
    assert any("$B2>$C2" in formula for formula in formulas) and any("COUNTIF" in formula for formula in formulas)
    assert any('$G2=""' in formula for formula in formulas)
    assert sheet.protection.sheet
    assert [sheet[cell].protection.locked for cell in ("A1", "A2", "B2", "I2")] == [True, True, False, False]
    spare = sheet.max_row
    assert not sheet[f"A{spare}"].protection.locked
    assert max(len(rule.formula1 or "") for rule in rules.values()) < 256 > max(len(rule.formula2 or "") for rule in rules.values())


def test_a_workbook_for_every_unit_that_declares(desk: Desk, tmp_path: Path) -> None:
    paths = written(desk, tmp_path / "blank", "--all-units")
    assert len(paths) == 24
    assert "tukhai_H19.16_2023-06.xlsx" not in {path.name for path in paths}
    communes = [load_workbook(path)["SoLieu"]["A"] for path in paths if path.name.startswith("tukhai_H19.16.21")]
    assert "onestop_staff_training_rate" in [cell.value for cell in communes[0]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--month", "2023-06", "--unit", "H19.16.99"], "declares nothing in 2023-06"),
        (["--month", "2024-12", "--unit", "H19.16.30"], "declares nothing in 2024-12"),
        (["--month", "2023-Q1", "--unit", "H19.16.2"], "no calendar month"),
        (["--month", "2023-06"], "give --unit CODE or --all-units"),
        (["--month", "2023-06", "--unit", "H19.16.2", "--all-units"], "give --unit CODE or --all-units"),
    ],
)
def test_wrong_use(shared: Settings, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["declare", "template", "--output", str(tmp_path), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_every_declared_cell_of_the_plan_has_somebody(shared: Settings) -> None:
    listed = duties(shared)
    asked = {duty.indicator_code for duty in listed.duties if duty.is_required}
    assert len(asked) == 23
    assert {duty.form for duty in listed.duties} == {"rate", "count", "score"}
    # a target of one level asks units of that level alone; the others may, and are not asked
    of_one = [duty for duty in listed.duties if duty.indicator_code == "org_regulation_admin_rate"]
    assert {listed.units[duty.unit_code].level for duty in of_one if duty.is_asked} == {"district"}
    assert {duty.unit_code for duty in of_one} == set(listed.units)
    assert [duty for duty in listed.duties if duty.is_required and not duty.is_asked] == []
    assert [unit.code for unit in listed.declaring(date(2024, 11, 1)) if unit.code in ("H19.16.30", "H19.16.31")] == ["H19.16.31"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("declared_by: [H19.16.3]", "declared_by: [H19.16.77]", "unknown: H19.16.77"),
        ("form: score", "form: points", "'form' is 'points'. Allowed: rate, count, score"),
        (
            "legal_document_review_rate:",
            "legal_document_reviewed_rate:",
            "nobody is named for it; is it misspelt as 'legal_document_reviewed_rate'",
        ),
        (
            "  reason: Phòng Nội vụ quản lý biên chế sự nghiệp\n",
            "  why: x\n",
            r"the key 'reason' is missing.*\n.*unknown key 'why'. Allowed: declared_by, form, reason, required.",
        ),
    ],
)
def test_a_faulty_list_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    from dataclasses import replace

    folder = tmp_path / "reference"
    shutil.copytree(VINH_CUU, folder)
    path = folder / "declarations.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NotConfigured, match=said):
        duties(replace(Settings.load(), authority_dir=folder))


OFFICE: Any = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed here")
def test_libreoffice_opens_it_and_what_it_saves_is_taken(desk: Desk, tmp_path: Path) -> None:
    (path,) = written(desk, tmp_path / "blank", "--unit", "H19.16.4")
    book = load_workbook(path)
    book["SoLieu"]["A5"], book["SoLieu"]["B5"], book["SoLieu"]["C5"] = "staff_training_rate", 3, 4
    for row in range(2, 30):
        if row != 5:
            book["SoLieu"][f"B{row}"] = None
    for row in range(2, 30):
        if row != 5 and book["SoLieu"][f"A{row}"].value == "staff_training_rate":
            book["SoLieu"][f"A{row}"] = None
    book.save(path)
    command = [
        OFFICE,
        "--headless",
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(desk.inbox("declared")),
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert not desk.ingest("declared", "2023-07-01").blocked
    assert [row["numerator"] for row in desk.rows("select numerator from core.declared_figure")] == [3]
