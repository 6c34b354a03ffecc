"""`cchc authority check` and `new`: each fault of a folder is told with its file, line and rule; a folder that was begun passes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import WrongUse
from cchc.pipeline.authority_folder import begin, check
from cchc.reference import demo_procedures
from cchc.reference.unit_list import read_units
from cchc.settings import VINH_CUU, Settings
from tests.support.cli import cchc


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """The settings of Vĩnh Cửu with a folder that may be edited."""
    return replace(Settings.load(), authority_dir=Path(shutil.copytree(VINH_CUU, tmp_path / "authority")))


def test_the_folder_of_vinh_cuu_is_well(own: Settings) -> None:
    assert check(own) == []
    said = cchc("authority", "check")
    assert (said.code, said.out.strip()) == (0, f"Huyện Vĩnh Cửu ({VINH_CUU}): nothing to correct")


def test_a_copy_of_the_folder_of_vinh_cuu_is_an_authority_with_its_plans(own: Settings) -> None:
    folder = own.authority_dir
    assert (folder / "plans" / "plan_53_KH-UBND_2023" / "plan.yaml").is_file()
    said = cchc("authority", "check", str(folder))
    assert (said.code, said.out.strip()) == (0, f"Huyện Vĩnh Cửu ({folder}): nothing to correct")


MISTAKES = [
    ("authority.yaml", "code: H19.16", "code: H19.17", "authority.yaml line 3, code: 'H19.17' is the root of no unit of units.csv"),
    ("authority.yaml", "vi: Cấp xã, en: Commune level", "vi: Cấp xã, en: 7", "authority.yaml line 12, scopes.commune: 'en' must be text (quote it), found 7."),
    ("units.csv", "Phòng Nội vụ,district,office", "Phòng Nội vụ,distrikt,office", "units.csv, line 4, column level: 'distrikt' stands there; allowed are "),
    ("units.csv", "Xã Phú Lý,commune,commune,H19.16,", "Xã Phú Lý,ward,commune,H19.16,", "authority.yaml line 9, scopes: the level 'ward' of units.csv has no name"),
    ("units.csv", "Xã Phú Lý,commune,commune,H19.16,", "Xã Phú Lý,ward,commune,H19.16,", "form_levels: the level 'ward' of units.csv has no title: form II.06a lacks it"),
    ("working_day_overrides.csv", "2026-01-10,true", "2026-01-10,ja", "working_day_overrides.csv, line 3, column is_working: "),
    ("closing.yaml", "closing_day: 5", "closing_day: 45", "closing.yaml line 13: 'closing_day' must be at most 28, found 45."),
    ("alerts.yaml", "to: [operators]", "to: [operator]", "alerts.yaml line 26, rules.entry 1.to: there is no recipient 'operator'; did you mean 'operators'?"),
    ("unit_mail.yaml", "addresses: {}", "addresses: {H19.16.222: [a@example.vn]}", "unit_mail.yaml line 6, addresses: 'H19.16.222' is no unit of units.csv; did you mean 'H19.16.22'?"),
    ("letterhead.yaml", "agency_name: UBND {lower}", "agency_nam: UBND {lower}", "letterhead.yaml line 15, letterhead.root: unknown key 'agency_nam'; did you mean 'agency_name'?"),
    ("declarations.yaml", "[H19.16.3]", "[H19.16.33]", "declarations.yaml, legal_drafting_on_schedule_rate: declared_by is each_unit, or a list of "),
    ("indicator_units.yaml", "[H19.16.3]", "[H19.16.33]", "indicator_units.yaml line 4, ecertification_coverage_rate.units: 'H19.16.33' is no unit of units.csv; "),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "told"), MISTAKES)
def test_a_mistake_is_told_with_its_file_and_rule(own: Settings, file: str, old: str, new: str, told: str) -> None:
    path = own.authority_dir / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = check(own)
    assert [fault for fault in found if told in fault], found


def test_what_is_missing_and_what_nobody_reads_is_told(own: Settings) -> None:
    (own.authority_dir / "closing.yaml").rename(own.authority_dir / "closings.yaml")
    missing, left_over = check(own)
    assert missing.startswith(f"closing.yaml is missing in {own.authority_dir}")
    assert left_over == "closings.yaml: no part of the product reads a file of this name; did you mean 'closing.yaml'?"


def test_an_added_indicator_asks_for_nothing_unknown(own: Settings) -> None:
    folder = own.authority_dir
    entry = "{version: 1, role: dossiers, kind: stock, name_vi: x, name_en: x, numerator_vi: x, denominator_vi: x}"
    (folder / "indicators.yaml").write_text(f"added_rate: {entry}\n", encoding="utf-8")
    (folder / "indicators").mkdir()
    (folder / "indicators" / "added_rate.sql").write_text("select :source, cast(:last_dy as date)", encoding="utf-8")
    (fault,) = check(own)
    assert fault.startswith("indicators/added_rate.sql: ':last_dy' is nothing that an indicator may ask for. There are: source, ")


def test_a_folder_that_was_begun_passes_and_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mau"
    said = cchc("authority", "new", str(folder))
    assert said.code == 0 and f"{folder / 'letterhead.yaml'}" in said.out and "TODO" in said.out
    checked = cchc("authority", "check", str(folder))
    assert (checked.code, checked.out.strip()) == (0, f"Tỉnh Mẫu ({folder}): nothing to correct"), checked.err
    again = cchc("authority", "new", str(folder))
    assert again.code == 2 and "is there already and has something in it" in again.err
    # its own mistakes, judged by its own root and levels
    units = folder / "units.csv"
    units.write_text(units.read_text(encoding="utf-8").replace("Phường Hai,commune,", "Phường Hai,ward,"), encoding="utf-8")
    checked = cchc("authority", "check", str(folder))
    assert checked.code == 1 and "WRONG authority.yaml line 9, scopes: the level 'ward' of units.csv has no name" in checked.out
    assert "2 to correct" in checked.out


def test_of_two_that_begin_one_folder_at_once_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both saw that it was empty, and the folder became a mixture of a province and a commune."""
    begin(tmp_path / "commune", is_commune=True)
    copied = shutil.copytree
    seen: list[list[Path]] = []

    def between(*arguments: Any, **options: Any) -> Any:
        done = copied(*arguments, **options)
        if not seen:
            seen.append(sorted(tmp_path.glob("mau*")))
            begin(tmp_path / "mau", is_commune=True)
        return done

    monkeypatch.setattr(shutil, "copytree", between)
    with pytest.raises(WrongUse, match="mau is there already and has something in it"):
        begin(tmp_path / "mau")
    assert seen == [[]], "an init beside it finds no half of a folder"
    made, whole = ({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")} for folder in tmp_path.glob("[mc]*"))
    assert made == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["commune", "mau"]


def test_what_the_skeleton_has_left_is_told_once_the_authority_has_its_own_name(tmp_path: Path) -> None:
    folder = tmp_path / "mau"
    begin(folder)
    path = folder / "authority.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("name_vi: Tỉnh Mẫu", "name_vi: Tỉnh Ba Tầng"), encoding="utf-8")
    told = cchc("authority", "check", str(folder)).out
    assert "WRONG letterhead.yaml line 4: 'Tỉnh Mẫu' is left from the skeleton" in told
    assert "WRONG plans/plan_1_KH-UBND_2026/targets.csv line 2: 'TODO' is left from the skeleton" in told
    assert "Xã Một" not in told, "a province may have a commune of that name"
    for path in (path for path in folder.rglob("*") if path.suffix in (".yaml", ".csv")):
        text = path.read_text(encoding="utf-8").replace("TODO", "").replace("Tỉnh Mẫu", "Tỉnh Ba Tầng").replace("tỉnh Mẫu", "tỉnh Ba Tầng")
        path.write_text(text.replace("TỈNH MẪU", "TỈNH BA TẦNG"), encoding="utf-8")
    assert cchc("authority", "check", str(folder)).code == 0


THREE_LEVELS = """unit_code,gso_code,name,level,kind,parent_code,valid_from,valid_to,note,predecessors
T99,,Tỉnh Mẫu,province,province,,2020-01-01,,,
T99.1,,Văn phòng UBND tỉnh,province,office,T99,2020-01-01,,,
T99.2,,Sở Nội vụ,province,office,T99,2020-01-01,,,
T99.30,,Huyện Trên,district,district,T99,2020-01-01,,,
T99.30.1,,Phòng Tư pháp,district,office,T99.30,2020-01-01,,,
T99.30.21,,Xã Suối,commune,commune,T99.30,2020-01-01,,,
"""


def test_a_province_of_three_levels_is_the_skeleton_with_a_level_more(tmp_path: Path) -> None:
    folder = tmp_path / "mau"
    begin(folder)
    (folder / "units.csv").write_text(THREE_LEVELS, encoding="utf-8")
    told = cchc("authority", "check", str(folder)).out
    assert "scopes: the level 'district' of units.csv has no name" in told and "the level 'district' of units.csv has no title" in told
    for name, old, new in (
        ("authority.yaml", "  commune: {", "  district: {vi: Cấp huyện, en: District level}\n  commune: {"),
        ("letterhead.yaml", ", commune: Lĩnh vực", ", district: Lĩnh vực giải quyết cấp huyện, commune: Lĩnh vực"),
        ("plans/plan_1_KH-UBND_2026/plan.yaml", "[province, commune]", "[province, district, commune]"),
        ("plans/plan_1_KH-UBND_2026/targets.csv", ",province commune,", ",province district commune,"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, name
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    checked = cchc("authority", "check", str(folder))
    assert (checked.code, checked.out.strip()) == (0, f"Tỉnh Mẫu ({folder}): nothing to correct")


def test_a_folder_that_is_no_authority_is_one_message(tmp_path: Path) -> None:
    said = cchc("authority", "check", str(tmp_path / "nowhere"))
    assert said.code == 1 and said.err.startswith(f"cchc: NotConfigured: {tmp_path / 'nowhere'} is no folder: CCHC_AUTHORITY names")
    assert cchc("authority", "new").code == 2


LINE = "LV-HT,Hộ tịch,1.001193,Đăng ký khai sinh,each_commune,1,0,80,false"
PROCEDURES = [
    (LINE.replace("1.001193", "khai sinh"), "column procedure_code: 'khai sinh' stands there; allowed is a code of the national database"),
    (LINE.replace("1.001193", "2.000815"), "column procedure_code: '2.000815' stands there, and in line 2 already; name all its units in one line"),
    (LINE.replace("Hộ tịch", "Tư pháp"), "line 4, column field_name: 'Hộ tịch' stands there, but the field LV-HT is called 'Tư pháp' in line 3"),
    (LINE.replace("each_commune", "each_comune"), "column units: 'each_comune' is no unit of units.csv; did you mean 'each_commune'?"),
    (LINE.replace("each_commune", "T99"), "column units: T99 is of the kind province; the demo has procedures of offices and communes"),
    (LINE.replace(",1,0,80", ",1 ngày,0,80"), "column days: '1 ngày' stands there; allowed is a whole number from 0 to 365"),
    (LINE.replace(",1,0,80", ",1,10.000,80"), "column fee: '10.000' stands there; allowed is a whole number from 0 to 999999999"),
    (LINE.replace(",1,0,80", ",1,0,101"), "column online_percent: '101' stands there; allowed is a whole number from 0 to 100"),
    (LINE.replace("false", "no"), "column is_certification: 'no' stands there; allowed are true, false"),
    (LINE.replace("each_commune", ""), "column units: it is empty, and it is needed"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "told"), PROCEDURES)
def test_a_mistake_in_the_procedures_of_the_demo_is_told(tmp_path: Path, line: str, told: str) -> None:
    begin(tmp_path / "mau")
    path, units = tmp_path / "mau" / demo_procedures.FILE, read_units(tmp_path / "mau" / "units.csv")
    assert list(demo_procedures.check_procedures(path, units)) == []
    text = path.read_text(encoding="utf-8")
    assert LINE in text
    path.write_text(text.replace(LINE, line), encoding="utf-8")
    (fault,) = demo_procedures.check_procedures(path, units)
    assert fault.startswith(f"{demo_procedures.FILE}, line ") and told in fault


def test_a_list_without_a_procedure_is_told(tmp_path: Path) -> None:
    path = tmp_path / demo_procedures.FILE
    path.write_text(",".join(demo_procedures.COLUMNS) + "\n", encoding="utf-8")
    assert "it lists no procedure, so the demo would have no dossier" in next(iter(demo_procedures.check_procedures(path, None)))
