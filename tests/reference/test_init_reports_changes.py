"""What `cchc init` reports about a changed list of units or calendar, and which months wait for a refresh afterwards."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from cchc.cli import main as cli
from cchc.errors import NotConfigured
from cchc.period import add_months
from cchc.reference import unit_changes
from cchc.reference import unit_list as reference_units
from cchc.reference.units import Stretch
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.reference.conftest import SOURCES, Office

COUNTING = [source for source in SOURCES if source != "survey"]  # survey answers stand in an indicator of the one-stop
ALL = [f"{add_months(date(2022, 1, 1), n):%Y-%m}" for n in range(24)]  # everything that is computed: from the year before the plan to T


def since(month: str, until: str = "2023-12") -> list[str]:
    """The computed months from one to another."""
    return [one for one in ALL if month <= one <= until]


def everywhere(months: list[str]) -> dict[str, list[str]]:
    """These months, for every source that counts by units."""
    return dict.fromkeys(COUNTING, months)


def marked(months: str, sources: list[str] | None = None) -> list[str]:
    """What init says of the months."""
    return [f"{source}: {months} to be computed again" for source in (COUNTING if sources is None else sources)]


def test_nothing_changed_nothing_told_nothing_marked(office: Office) -> None:
    assert office.init() == []
    assert office.waiting() == {}
    office.change("H19.16.21", note="another remark")
    assert office.init() == [] and office.waiting() == {}, "a remark is no number"


def test_the_first_list_is_one_sentence(office: Office) -> None:
    with engine(office.settings).begin() as connection:
        for table in ("core.unit_on_day", "core.unit_version", "core.unit"):
            connection.execute(text(f"delete from {table}"))
    assert office.init()[0] == "25 units, for the first time"


def test_a_rename_from_a_day_on(office: Office) -> None:
    office.becomes("H19.16.21", "2023-07-15", "2023-07-14", name="Phường Vĩnh An")
    assert office.init() == [
        "unit H19.16.21 is called 'Phường Vĩnh An' from 2023-07-15 (before: 'Thị trấn Vĩnh An')",
        *marked("2023-07 to 2023-12"),
    ]
    assert office.waiting() == everywhere(since("2023-07")), "the report month that ends on the 14th keeps the old name, July does not"
    names = office.rows("select name from core.unit_version where unit_code = 'H19.16.21' order by valid_from")
    assert [row["name"] for row in names] == ["Thị trấn Vĩnh An", "Phường Vĩnh An"]
    newest = office.rows("select name, cast(valid_from as text) as valid_from from core.unit where unit_code = 'H19.16.21'")
    assert newest == [{"name": "Phường Vĩnh An", "valid_from": "2000-01-01"}]
    office.settle()
    assert office.init() == [] and office.waiting() == {}


def test_another_spelling_is_a_correction_of_the_whole_time(office: Office) -> None:
    office.change("H19.16.21", name="TT. Vĩnh An")
    assert office.init() == [
        "unit H19.16.21 is spelt 'TT. Vĩnh An' (before: 'Thị trấn Vĩnh An') in its whole time; where that is so only from a day on, "
        "give the unit a second line with valid_from instead",
        *marked("2022-01 to 2023-12"),
    ]
    assert office.waiting() == everywhere(ALL)
    assert len(office.rows("select 1 from core.unit_version where unit_code = 'H19.16.21'")) == 1


def test_a_correction_of_one_state_touches_its_days_alone(office: Office) -> None:
    office.becomes("H19.16.21", "2023-03-01", "2023-02-28", name="Phường Vĩnh An")
    office.becomes("H19.16.21", "2023-06-01", "2023-05-31", name="Phường An Vĩnh")
    office.init()
    office.settle()
    rows = office.units
    for row in rows:
        row["name"] = row["name"].replace("Phường Vĩnh An", "Phường Vĩnh-An")
    office.write(rows)
    assert office.init()[0] == (
        "unit H19.16.21 is spelt 'Phường Vĩnh-An' (before: 'Phường Vĩnh An') from 2023-03-01 until 2023-05-31; where that is so only from "
        "a day on, give the unit a second line with valid_from instead"
    )
    assert office.waiting() == everywhere(since("2023-03", "2023-05"))


def test_a_rename_that_is_taken_back(office: Office) -> None:
    before = office.units
    office.becomes("H19.16.21", "2023-09-01", "2023-08-31", name="Phường Vĩnh An")
    office.init()
    office.settle()
    office.write(before)
    assert office.init()[0] == "unit H19.16.21: what changed on 2023-09-01 (name Phường Vĩnh An) does not stand in the list any more"
    assert office.waiting() == everywhere(since("2023-09"))


def test_another_level_kind_and_parent_from_a_day_on(office: Office) -> None:
    office.add("H19.20", name="Thành phố", level="district", kind="district", parent_code="")
    office.becomes("H19.16.21", "2023-10-01", "2023-09-30", level="ward", kind="ward", parent_code="H19.20")
    assert office.init()[:4] == [
        "unit H19.16.21 'Thị trấn Vĩnh An' is of level ward from 2023-10-01 (before: commune)",
        "unit H19.16.21 'Thị trấn Vĩnh An' is of kind ward from 2023-10-01 (before: commune)",
        "unit H19.16.21 'Thị trấn Vĩnh An' is below H19.20 from 2023-10-01 (before: H19.16)",
        "unit H19.20 'Thành phố' is new: level district, kind district, from 2000-01-01",
    ]
    assert office.waiting() == everywhere(since("2023-10")), "it leaves the tree of the plan; the new root is no unit of it"


def test_stored_records_of_a_unit_that_comes_into_another_tree(office: Office) -> None:
    office.put(
        "core.feedback_version", {"feedback_code": "F1", "unit_code": "H19.16.21"}, {"feedback_code": "F2", "unit_code": "H19.16.22"}
    )
    office.add("H19.20", name="Thành phố", level="district", kind="district", parent_code="")
    office.becomes("H19.16.21", "2023-10-01", "2023-09-30", parent_code="H19.20")
    noted = "feedback: it has records of the tree of unit H19.20, too; its months up to 2023-12 are to be computed again"
    told = office.init()
    assert noted in told, told[-4:]
    assert office.rows("select source_code from core.source_tree where root_code = 'H19.20'") == [{"source_code": "feedback"}]
    waiting = office.waiting()
    assert waiting.pop("feedback") == since("2022-01"), "the new tree has no value of this source in any month"
    assert waiting == {source: months for source, months in everywhere(since("2023-10")).items() if source != "feedback"}
    assert not any("records of the tree" in sentence for sentence in office.init())


def test_a_corrected_code_of_the_statistics_office_is_no_number(office: Office) -> None:
    office.change("H19.16.21", gso_code="26171")
    assert office.init() == ["unit H19.16.21 'Thị trấn Vĩnh An' has the GSO code 26171 (before: 26170) in its whole time"]
    assert office.waiting() == {}


def test_a_new_unit_is_there_from_its_first_day_on(office: Office) -> None:
    office.add("H19.16.33", valid_from="2023-11-20", valid_to="2029-12-31")
    told = office.init()
    assert [sentence for sentence in told if not sentence.endswith("has to be declared by H19.16.33 too")] == [
        "unit H19.16.33 'Xã Mới' is new: level commune, kind commune, below H19.16, from 2023-11-20 until 2029-12-31",
        *marked("2023-11 to 2023-12"),
    ]
    assert "plan_53_KH-UBND_2023: eworkflow_update_timely_rate has to be declared by H19.16.33 too" in told
    assert office.waiting() == everywhere(["2023-11", "2023-12"])


def test_a_unit_that_ends(office: Office) -> None:
    office.change("H19.16.31", valid_to="2023-06-20")
    assert office.init() == [
        "unit H19.16.31 'Xã Mã Đà' ends on 2023-06-20 (before: 2025-06-30)",
        *marked("2023-06 to 2023-12"),
    ]
    assert office.waiting() == everywhere(since("2023-06"))
    office.settle()
    office.change("H19.16.31", valid_to="2023-06-25")
    assert office.init() == ["unit H19.16.31 'Xã Mã Đà' ends on 2023-06-25 (before: 2023-06-20)"]
    assert office.waiting() == {}, "no period ends between the two days, and nothing is dated in them"
    office.change("H19.16.31", valid_to="")
    assert office.init()[0] == "unit H19.16.31 'Xã Mã Đà' is open again (before: it ended on 2023-06-25)"
    assert office.waiting() == everywhere(since("2023-06"))


def test_a_unit_that_begins_later_than_was_said(office: Office) -> None:
    office.change("H19.16.31", valid_from="2022-03-15")
    assert office.init()[0] == "unit H19.16.31 'Xã Mã Đà' begins on 2022-03-15 (before: 2000-01-01)"
    assert office.waiting() == everywhere(since("2022-01", "2022-03")), "the report month of March ends on the 14th"


def test_the_own_code_of_the_district_is_expected_only_where_it_has_something(office: Office) -> None:
    office.change("H19.16", valid_to="2023-06-30")
    office.init()
    declared = {"declared": since("2023-07")} if office.rows("select 1 from core.declaration where unit_code = 'H19.16'") else {}
    assert office.waiting() == declared, "kind district has no coverage of its own, and it has neither procedures nor leaders"
    office.change("H19.16", valid_to="2025-06-30")
    office.init()
    office.settle()
    office.put("core.procedure_list", {"list_hash": "L", "fetched_at": "2023-01-01"})
    office.put("core.procedure_list_item", {"list_hash": "L", "unit_code": "H19.16", "procedure_code": "1.000001"})
    office.change("H19.16", valid_to="2023-06-30")
    office.init()
    assert office.waiting() == declared | {"one_stop": since("2023-07")}


MERGED = {"valid_to": "2023-08-31"}


def test_a_merger_moves_the_records_after_it_and_the_comparison(office: Office) -> None:
    office.put(
        "mart.dossier",
        {"dossier": "LAST DAY", "unit_code": "H19.16.31", "received_at": "2023-08-31 23:59:59"},
        {"dossier": "AFTER", "unit_code": "H19.16.31", "received_at": "2023-09-01 00:00:00", "finished_at": "2023-09-20 08:00:00"},
        {"dossier": "LATER", "unit_code": "H19.16.31", "received_at": "2023-10-05 08:00:00"},
        {"dossier": "LEFT OUT", "unit_code": "H19.16.31", "received_at": "2023-10-05 08:00:00", "is_counted": False},
    )
    office.change("H19.16.31", **MERGED)
    office.change("H19.16.22", predecessors="H19.16.31")
    assert office.init() == [
        "unit H19.16.31 'Xã Mã Đà' ends on 2023-08-31 (before: 2025-06-30)",
        "unit H19.16.31 'Xã Mã Đà' is merged into unit H19.16.22 'Xã Phú Lý' from 2023-09-01",
        "unit H19.16.31 'Xã Mã Đà': 2 dossiers of 2023-09-01 to 2023-10-05 now count for unit H19.16.22 'Xã Phú Lý'",
        *marked("2023-09 to 2023-12"),
    ]
    assert office.waiting() == everywhere(since("2023-09"))
    assert office.rows(
        "select finding_code, unit_code, item from mart.finding where finding_code = 'unit_did_not_exist' order by item"
    ) == [{"finding_code": "unit_did_not_exist", "unit_code": "H19.16.31", "item": code} for code in ("AFTER", "LATER")]


def test_a_successor_alone_moves_records_and_what_is_compared(office: Office) -> None:
    office.change("H19.16.31", **MERGED)
    office.init()
    office.settle()
    office.put(
        "core.payment_version",
        {"_key": "P", "transaction_code": "P", "unit_code": "H19.16.31", "paid_at": "2023-11-30 23:00:00", "file_date": "2023-11-30"},
    )
    office.put("core.work_file_version", {"work_file_code": "W", "unit_code": "H19.16.31", "closed_at": "2023-10-01 08:00:00"})
    office.change("H19.16.22", predecessors="H19.16.31")
    assert office.init() == [
        "unit H19.16.31 'Xã Mã Đà' is merged into unit H19.16.22 'Xã Phú Lý' from 2023-09-01",
        "unit H19.16.31 'Xã Mã Đà': 1 work file of 2023-10-01, 1 payment of 2023-11-30 now count for unit H19.16.22 'Xã Phú Lý'",
        "declared: 2023-09 to 2023-12 to be computed again",
        "documents: 2023-10 to 2023-12 to be computed again",
        "one_stop: 2023-09 to 2023-12 to be computed again",
        "payments: 2023-11 to 2023-12 to be computed again",
    ]
    assert office.waiting() == {  # one_stop and declared: directions are compared with the year before
        "declared": since("2023-09"), "documents": since("2023-10"), "one_stop": since("2023-09"), "payments": since("2023-11"),
    }  # fmt: skip


def test_what_is_compared_is_what_a_plan_gives_a_direction(office: Office, tmp_path: Path) -> None:
    shutil.copytree(office.settings.plans_dir, tmp_path / "plans")
    targets, path = (tmp_path / "plans" / "plan_53_KH-UBND_2023" / f"{name}.csv" for name in ("targets", "directions"))
    kept = [line for line in targets.read_text(encoding="utf-8").splitlines() if ",electronic_work_file_rate," not in line]
    targets.write_text("\n".join(kept) + "\n", encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8") + "D07,6.1,made up,electronic_work_file_rate,up,made up,computed\n", encoding="utf-8")
    office.settings = replace(office.settings, plans_dir=tmp_path / "plans")
    office.change("H19.16.31", **MERGED)
    office.init()
    office.settle()
    office.change("H19.16.22", predecessors="H19.16.31")
    office.init()
    assert office.waiting() == dict.fromkeys(("declared", "documents", "one_stop"), since("2023-09"))


def test_init_names_the_months_that_wait(office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: office.settings))
    assert cli.main(["init"]) == 0
    assert "cchc refresh" not in capsys.readouterr().out
    office.change("H19.16.31", valid_to="2023-11-20")
    assert cli.main(["init"]) == 0
    printed = capsys.readouterr().out
    assert "  unit H19.16.31 'Xã Mã Đà' ends on 2023-11-20 (before: 2025-06-30)" in printed
    assert "`cchc refresh` computes the months that wait: 2023-11, 2023-12" in printed


def test_a_division_and_its_repeal(office: Office) -> None:
    office.change("H19.16.31", **MERGED)
    office.change("H19.16.22", predecessors="H19.16.31")
    office.init()
    office.settle()
    office.put("mart.dossier", {"dossier": "A", "unit_code": "H19.16.31", "received_at": "2023-12-01 08:00:00"})
    office.change("H19.16.24", predecessors="H19.16.31")
    told = office.init()
    assert told[:2] == [
        "unit H19.16.31 'Xã Mã Đà' is divided from 2023-09-01: its place is taken by unit H19.16.22 'Xã Phú Lý' and unit H19.16.24 'Xã Tân An'",
        "unit H19.16.31 'Xã Mã Đà': 1 dossier of 2023-12-01 now counts in level commune and the whole alone",
    ]
    assert office.waiting() == {"declared": since("2023-09"), "one_stop": since("2023-09")}
    office.settle()
    office.change("H19.16.22", predecessors="")
    office.change("H19.16.24", predecessors="")
    assert office.init()[0] == "unit H19.16.31 'Xã Mã Đà': nobody takes its place any more (before: H19.16.22 and H19.16.24)"
    assert office.waiting() == {}, "in level and whole alone as before, and compared with nobody as before"


@pytest.mark.parametrize(
    ("table", "row", "months"),
    [
        ("mart.dossier", {"dossier": "A", "received_at": "2023-02-10 08:00:00", "finished_at": "2023-03-01 08:00:00"}, {"one_stop": since("2023-02")}),
        ("mart.dossier", {"dossier": "A", "received_at": "2022-02-10 08:00:00", "finished_at": "2022-03-01 08:00:00"}, {"one_stop": since("2022-02", "2022-12")}),
        ("mart.dossier", {"dossier": "A", "received_at": "2022-02-10 08:00:00", "finished_at": "2022-03-01 08:00:00", "has_signed_result": True},
         {"one_stop": [*since("2022-02", "2022-12"), *since("2023-03")]}),
        ("mart.dossier", {"dossier": "A", "received_at": "2022-02-10 08:00:00"}, {"one_stop": since("2022-02")}),
        ("core.assessment_version", {"assessment_code": "A", "assessed_at": "2023-05-05 08:00:00"}, {"one_stop": since("2023-05")}),
        ("core.survey_answer_version", {"answer_code": "A", "surveyed_date": "2023-05-05"}, {"survey": since("2023-05")}),
        ("core.feedback_version", {"feedback_code": "A", "received_at": "2023-04-05 08:00:00", "due_at": "2023-05-05 08:00:00"}, {"feedback": since("2023-04")}),
        ("core.work_file_version", {"work_file_code": "A", "closed_at": "2022-12-20 08:00:00"}, {"documents": since("2022-12")}),
        ("core.payment_version", {"_key": "A", "transaction_code": "A", "paid_at": "2022-05-05 08:00:00", "file_date": "2022-05-05"}, {"payments": since("2022-05", "2022-12")}),
        ("core.payment_version", {"_key": "A", "transaction_code": "A", "paid_at": "2022-05-01 00:00:00", "file_date": "2022-04-30"}, {"payments": since("2022-04", "2022-12")}),
    ],
)  # fmt: skip
def test_each_record_marks_the_months_in_which_it_is_felt(
    table: str, row: dict[str, object], months: dict[str, list[str]], office: Office
) -> None:
    office.put(table, row | {"unit_code": "H19.16.31"})
    moved = [Stretch("H19.16.31", date.min, date.max, "H19.16.22")]
    with engine(office.settings).begin() as connection:
        unit_changes._mark_moved_records(connection, office.settings, reference_units.stored_units(connection), moved)
    assert office.waiting() == months


def test_a_declared_figure_stands_in_its_month_and_is_compared_with_the_next_year(office: Office) -> None:
    figure = {"unit_code": "H19.16.31", "month_start": "2022-05-01"}
    office.put("core.declared_file", figure)
    office.put(
        "core.declared_figure_version", figure | {"indicator_code": "job_position_scheme_psu_rate", "numerator": 1, "denominator": 2}
    )
    moved = [Stretch("H19.16.31", date(2022, 5, 31), date(2022, 5, 31), None)]
    with engine(office.settings).begin() as connection:
        told = unit_changes._mark_moved_records(connection, office.settings, reference_units.stored_units(connection), moved)
    assert told == ["unit H19.16.31 'Xã Mã Đà': 1 declared figure of 2022-05-31 now counts in level commune and the whole alone"]
    assert office.waiting() == {"declared": ["2022-05", "2023-05"]}


def test_a_unit_that_is_taken_out_ends_and_is_not_forgotten(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.add("H19.16.90", name="Xã Cũ")
    office.init()
    office.settle()
    today = datetime(2023, 10, 5, 0, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    monkeypatch.setattr(reference_units, "now", lambda: today)
    office.remove("H19.16.90")
    assert office.init() == [
        "unit H19.16.90 'Xã Cũ' is not in units.csv any more: it ends on 2023-10-04, the day before this init. It is not forgotten: "
        "put its line back, with its last day in valid_to, where it exists still or ended on another day",
        *marked("2023-10 to 2023-12"),
    ]
    assert office.waiting() == everywhere(since("2023-10"))
    kept = office.rows("select name, cast(valid_to as text) as valid_to, is_listed from core.unit where unit_code = 'H19.16.90'")
    assert kept == [{"name": "Xã Cũ", "valid_to": "2023-10-04", "is_listed": False}]
    office.settle()
    monkeypatch.setattr(reference_units, "now", lambda: today + timedelta(days=30))
    assert office.init() == [] and office.waiting() == {}, "told once; its last day stays"
    assert office.rows("select cast(valid_to as text) as d from core.unit where unit_code = 'H19.16.90'") == [{"d": "2023-10-04"}]
    office.add("H19.16.90", name="Xã Cũ")
    assert office.init()[0] == "unit H19.16.90 'Xã Cũ' is open again (before: it ended on 2023-10-04)"
    assert office.waiting() == everywhere(since("2023-10"))


def test_the_end_that_the_file_had_said_stays(office: Office) -> None:
    office.remove("H19.16.31")
    assert office.init() == [
        "unit H19.16.31 'Xã Mã Đà' is not in units.csv any more: its last day stays 2025-06-30. It is not forgotten: "
        "put its line back, with its last day in valid_to, where it exists still or ended on another day"
    ]
    assert office.waiting() == {}


def test_a_unit_that_others_name_cannot_be_taken_out(office: Office) -> None:
    office.remove("H19.16.30")
    with pytest.raises(
        NotConfigured, match="unit H19.16.29 names the predecessor H19.16.30, which is not in the list; a unit that ended keeps its line"
    ):
        office.init()
    office.change("H19.16.29", predecessors="")
    assert len(office.init()) == 2 and office.rows("select 1 from core.unit where unit_code = 'H19.16.30'")


def test_a_unit_of_a_profile_that_is_gone(office: Office) -> None:
    office.put("core.unit", {"unit_code": "NL.1", "name": "General", "root_code": "NL.1", "source_code": "dutch_permits"})
    assert office.init()[0].startswith("unit NL.1 'General' is not in dutch_permits.yaml any more: it ends on ")
    assert office.waiting() == {}, "it is no unit of the plan's tree"


# --- the calendar ------------------------------------------------------------------------------------------------------

STANDING = (
    '2026-01-02,false,"swapped with Saturday 10 January 2026 (decision announced on 25/12/2025)"',
    '2026-01-10,true,"worked for 2 January 2026 (decision announced on 25/12/2025)"',
)


def test_a_swapped_day_marks_the_decisions_whose_limit_moves(office: Office) -> None:
    # Friday 2 June off, Saturday 3 June worked for it: limits are counted over both from Friday 26 May on, and over one until Friday 2 June
    office.decide(*STANDING, "2023-06-02,false,QĐ 1 (made up)", "2023-06-03,TRUE,QĐ 1 (made up)")
    assert office.init() == ["2023-06-02 is no working day now (QĐ 1 (made up))", "2023-06-03 is a working day now (QĐ 1 (made up))"]
    assert office.waiting() == {"one_stop": since("2023-05")}


def test_a_day_that_moves_no_limit_marks_nothing(office: Office) -> None:
    office.decide(*STANDING, "2023-06-13,true,as it was anyway")
    assert office.init() == [] and office.waiting() == {}


def test_a_day_off_marks_from_the_first_decision_whose_limit_moves(office: Office) -> None:
    # Monday 5 June off: the fifth working day after Sunday 28 May is Friday 2 June, that after Monday 29 May was Monday 5 June
    office.decide(*STANDING, "2023-06-05,FALSE,QĐ 2 (made up)")
    assert office.init() == ["2023-06-05 is no working day now (QĐ 2 (made up))"]
    assert office.waiting() == {"one_stop": since("2023-05")}
    office.settle()
    # Tuesday 13 June: the first decision is of Tuesday 6 June
    office.decide(*STANDING, "2023-06-05,FALSE,QĐ 2 (made up)", "2023-06-13,false,QĐ 3 (made up)")
    office.init()
    assert office.waiting() == {"one_stop": since("2023-06")}


def test_a_day_that_is_taken_out_falls_back_to_the_holidays(office: Office) -> None:
    office.decide(*STANDING, "2023-06-13,false,QĐ 3 (made up)", "2023-06-17,false,QĐ 4 (made up)")
    office.init()
    office.settle()
    office.decide(*STANDING)
    assert office.init() == [
        "2023-06-13 is not in working_day_overrides.csv any more: the calendar of public holidays judges it, a working day; before: no working day",
        "2023-06-17 is not in working_day_overrides.csv any more: the calendar of public holidays judges it, no working day (weekend); as before",
    ]
    assert office.waiting() == {"one_stop": since("2023-06")}
    assert office.rows("select is_working, reason, is_decided from core.working_day where day in ('2023-06-13', '2023-06-17') order by day") == [
        {"is_working": True, "reason": None, "is_decided": False}, {"is_working": False, "reason": "weekend", "is_decided": False},
    ]  # fmt: skip
    office.settle()
    assert office.init() == [] and office.waiting() == {}
