"""The effect of a change in the catalogue or in the duties to declare: `cchc init` reports it and marks the affected months."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest

from cchc.reference.catalogue import catalogue
from tests.plans.conftest import NEXT, PLAN, Office
from tests.plans.district import TRAINING

NEW = """
sample_dossier_count_rate:
  version: 1
  role: dossiers
  kind: stock
  item: row
  name_vi: Chỉ tiêu thử
  name_en: A test
  numerator_vi: Thử
  denominator_vi: Thử
"""


def months(first: str, last: str) -> list[str]:
    """YYYY-MM from one to the other."""
    (year, month), found = map(int, first.split("-")), []
    while f"{year}-{month:02d}" <= last:
        found.append(f"{year}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


@pytest.fixture
def office(closed: Office) -> Office:
    """An office whose SQL of indicators may be edited too, with December published."""
    closed.own_sql()
    return closed


def test_a_new_indicator_is_computed_for_every_month_and_is_new_in_a_published_one(office: Office) -> None:
    published, shown = office.published(), office.run("scorecard", "2023-12").out
    (office.sql / "queries" / "indicators" / "sample_dossier_count_rate.sql").write_text(
        (office.sql / "queries" / "indicators" / "sample_dossier_rate.sql").read_text()
    )
    path = office.reference / "indicators.yaml"
    path.write_text(path.read_text(encoding="utf-8") + NEW, encoding="utf-8")
    told = office.run("init").out
    assert "catalogue: sample_dossier_count_rate is new (version 1, role dossiers)" in told
    assert "every month of one_stop from 2022-01 on is marked for sample_dossier_count_rate" in told
    assert office.marks() == {"one_stop": months("2022-01", "2024-01")}
    office.settle("2023-12")
    assert office.value("sample_dossier_count_rate", "2023-12")["denominator"] == 2
    assert office.rows("select * from mart.restatement") == []
    assert office.published() == published
    assert (
        "new since the publication, and so no restatement: sample_dossier_count_rate (Chỉ tiêu thử)"
        in office.run("restatements", "2023-12").out
    )
    with_note = office.run("scorecard", "2023-12").out
    assert with_note.partition("\n\nChỉ tiêu mới từ sau khi công bố")[0] == shown.rstrip("\n")
    assert "không có trong bản công bố: Chỉ tiêu thử" in with_note
    assert "Chỉ tiêu thử" in office.run("scorecard", "2023-12", "--current").out
    # and gone again
    path.write_text(path.read_text(encoding="utf-8").replace(NEW, ""), encoding="utf-8")
    assert "catalogue: sample_dossier_count_rate is gone: its values stay" in office.run("init").out
    assert office.run("init").out.splitlines()[1:] == []
    assert office.marks() == {}


def test_an_indicator_of_the_authority_counts_by_its_own_sql(office: Office) -> None:
    folder = office.authority / "indicators"
    folder.mkdir()
    shutil.copy(office.sql / "queries" / "indicators" / "sample_dossier_rate.sql", folder / "sample_dossier_count_rate.sql")
    (office.authority / "indicators.yaml").write_text(NEW, encoding="utf-8")
    assert "catalogue: sample_dossier_count_rate is new (version 1, role dossiers)" in office.run("init").out
    office.settle("2023-12")
    counts = ("numerator", "denominator", "value", "coverage")
    own, same = (office.value(code, "2023-12") for code in ("sample_dossier_count_rate", "sample_dossier_rate"))
    assert [own[name] for name in counts] == [same[name] for name in counts]
    assert "Chỉ tiêu thử" in office.run("scorecard", "2023-12", "--current").out
    assert "core.procedure_in_force" in office.run("explain", "sample_dossier_count_rate", "--period", "2023-12", "--query").out


def test_another_version_of_a_formula_is_computed_for_every_month(office: Office) -> None:
    item = catalogue(office.settings)["sample_dossier_rate"]
    office.edit(
        "indicators.yaml", f"sample_dossier_rate:\n  version: {item.version}\n", "sample_dossier_rate:\n  version: 7\n", folder="reference"
    )
    told = office.run("init").out
    assert f"catalogue: sample_dossier_rate has version 7 in place of {item.version}" in told
    assert office.marks() == {"one_stop": months("2022-01", "2024-01")}
    office.settle("2023-12")
    rows = office.rows(
        "select formula_version from mart.indicator_value where indicator_code = 'sample_dossier_rate' and unit_code = 'all' "
        "and period_kind = 'month' and period_start = '2023-12-01' and basis = 'period' order by 1"
    )
    assert [row["formula_version"] for row in rows] == [item.version, 7], "the values of the earlier formula are kept"
    lines = [line for line in office.run("scorecard", "2023-12", "--current").out.splitlines() if line.startswith("T06 ")]
    assert len(lines) == 1, "and the scorecard shows the number of one"
    # back to the first
    office.edit(
        "indicators.yaml", "sample_dossier_rate:\n  version: 7\n", f"sample_dossier_rate:\n  version: {item.version}\n", folder="reference"
    )
    assert f"catalogue: sample_dossier_rate is computed again, by version {item.version}" in office.run("init").out


def test_a_formula_that_changes_under_its_version_is_told(office: Office) -> None:
    path = office.sql / "queries" / "indicators" / "sample_dossier_rate.sql"
    sound = path.read_text(encoding="utf-8")
    path.write_text("-- a remark more\n" + sound.replace("\n    ", "\n        "), encoding="utf-8")
    assert office.run("init").out.splitlines()[1:] == [], "a remark and blanks change no number"
    path.write_text(sound.replace("p.has_sample_dossier", "not p.has_sample_dossier"), encoding="utf-8")
    told = office.run("init").out
    assert "catalogue: sample_dossier_rate counts otherwise than before, and its version is still 1: give it another version" in told
    assert office.marks() == {"one_stop": months("2022-01", "2024-01")}


def test_another_name_is_told_and_marks_nothing(office: Office) -> None:
    name = catalogue(office.settings)["sample_dossier_rate"].name_vi
    office.edit("indicators.yaml", name, "Tên khác", folder="reference")
    assert "catalogue: sample_dossier_rate is called or described otherwise" in office.run("init").out
    assert office.marks() == {}


def test_who_has_to_declare_marks_the_months_with_another_coverage(office: Office) -> None:
    entry = f"{TRAINING}:\n  declared_by: each_unit\n"
    before = office.value(TRAINING, "2023-12")["coverage"]
    assert before == pytest.approx(Decimal(1) / 24) and office.value(TRAINING, "2023-11")["coverage"] == 0
    office.edit("declarations.yaml", entry, f"{TRAINING}:\n  declared_by: [H19.16.2]\n", folder="authority")
    told = office.run("init").out
    assert f"{PLAN}: {TRAINING} has no longer to be declared by H19.16.1, H19.16.3, H19.16.4" in told and "more" in told
    # where nobody declared the whole is 0 as before, but a commune that need not declare has no coverage any more
    assert office.marks() == {"declared": ["2022-12", "2023-01", "2023-11", "2023-12", "2024-01"]}, "the months that are computed"
    office.run("refresh")
    row = office.value(TRAINING, "2023-12")
    assert (row["coverage"], row["is_provisional"]) == (1, True), "complete, and nobody has approved it"
    # who may declare, and why, is no coverage
    office.edit(
        "declarations.yaml", "reason: Mỗi đơn vị cử người đi bồi dưỡng và giữ danh sách", "reason: một lý do khác", folder="authority"
    )
    assert f"{PLAN}: {TRAINING} has another reason why it is declared" in office.run("init").out
    assert office.marks() == {}


def test_each_plan_has_its_own_list_of_who_declares(office: Office) -> None:
    office.add_plan()
    # in 2024 the staff of the communes alone is to be trained
    office.edit(f"{NEXT}/targets.csv", f"{TRAINING},all,>=,60", f"{TRAINING},commune,>=,60")
    before = office.rows("select * from core.declaration order by indicator_code, unit_code")
    told = office.run("init").out
    assert f"{NEXT}: units have to declare" in told and f"{PLAN}:" not in told
    assert (
        office.rows("select * from core.declaration where plan_code = 'plan_53_KH-UBND_2023' order by indicator_code, unit_code") == before
    )
    asked = office.rows(
        "select plan_code, count(*) as n from core.declaration where indicator_code = :c and is_required group by 1 order by 1", c=TRAINING
    )
    assert [(row["plan_code"], row["n"]) for row in asked] == [(PLAN, 24), (NEXT, 12)]
    office.run("refresh")
    assert office.value(TRAINING, "2024-01")["coverage"] == 0
    assert office.value(TRAINING, "2024-01", "level:district")["coverage"] is None, "nobody at the district has to"
    assert office.value(TRAINING, "2023-12", "level:district")["coverage"] is not None
    for month, number in (("2023-12", 24), ("2024-01", 24)):
        assert (
            len(office.run("declare", "template", "--all-units", "--month", month, "--output", str(office.folder / month)).out.split())
            == number
        )
