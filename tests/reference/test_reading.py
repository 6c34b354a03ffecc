"""units.csv, working_day_overrides.csv and the units of a profile are read strictly: what cannot be read is refused by line and column."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.cli import main as cli
from cchc.errors import NotConfigured
from cchc.reference import calendar
from cchc.reference.load import load_reference
from cchc.reference.unit_list import listed_units, profile_units, read_units
from cchc.settings import PROJECT, Settings
from cchc.sources.profile import load_profile
from cchc.warehouse import engine, query

HEADER = "unit_code,gso_code,name,level,kind,parent_code,valid_from,valid_to,note,predecessors"
DISTRICT = "H19.16,735,Huyện Vĩnh Cửu,district,district,,2000-01-01,,,"
OFFICE = "H19.16.3,,Phòng Tư pháp,district,office,H19.16,2000-01-01,,,"


def listed(folder: Path, *lines: str, header: str = HEADER) -> Path:
    """A file of units with the district, an office and some more lines (the first of them is line 4)."""
    path = folder / "units.csv"
    path.write_text("\n".join([header, DISTRICT, OFFICE, *lines]) + "\n", encoding="utf-8")
    return path


def refused(read: Callable[[], object]) -> list[str]:
    """The sentences with which something is refused, without the one above them."""
    with pytest.raises(NotConfigured) as error:
        read()
    first, *told = str(error.value).split("\n  ")
    assert first == "nothing was loaded; mend these lines and run `cchc init` again:"
    return told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (",,Xã A,commune,commune,H19.16,2000-01-01,,,", "line 4, column unit_code: it is empty, and it is needed"),
        ("H19.16 90,,Xã A,commune,commune,H19.16,2000-01-01,,,", "line 4, column unit_code: 'H19.16 90' has a blank in it; codes are separated by blanks in the column predecessors"),
        ("H19.16.90,,,commune,commune,H19.16,2000-01-01,,,", "line 4, column name: it is empty, and it is needed"),
        ("H19.16.90,,Xã A,Commune,commune,H19.16,2000-01-01,,,", "line 4, column level: 'Commune' stands there; allowed are district, commune, ward, province, other"),
        ("H19.16.90,,Xã A,,commune,H19.16,2000-01-01,,,", "line 4, column level: it is empty, and it is needed"),
        ("H19.16.90,,Xã A,commune,xã,H19.16,2000-01-01,,,", "line 4, column kind: 'xã' stands there; allowed are district, office, public_service_unit, commune, ward, province, other"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,,,,", "line 4, column valid_from: it is empty, and it is needed: a day as 2023-12-31"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,01/01/2000,,,", "line 4, column valid_from: '01/01/2000' stands there; allowed is a day of the calendar as 2023-12-31"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,2023-02-29,,,", "line 4, column valid_from: '2023-02-29' stands there; allowed is a day of the calendar as 2023-12-31"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,20230228,,,", "line 4, column valid_from: '20230228' stands there; allowed is a day of the calendar as 2023-12-31"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,2023-6-30,,", "line 4, column valid_to: '2023-6-30' stands there; allowed is a day of the calendar as 2023-12-31 or nothing"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,2023-07-01,2023-06-30,,", "line 4, column valid_to: '2023-06-30' stands there, before the first day 2023-07-01; allowed is that day or a later one"),
        ("H19.16.90,,Xã A,commune,commune,H19.17,2000-01-01,,,", "line 4, column parent_code: unit H19.16.90 hangs below H19.17, which is not in the list; a unit that ended keeps its line, with its last day in valid_to"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,,,H19.16.99", "line 4, column predecessors: unit H19.16.90 names the predecessor H19.16.99, which is not in the list; a unit that ended keeps its line, with its last day in valid_to"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,,,H19.16.3", "line 4, column predecessors: unit H19.16.90 names the predecessor H19.16.3, which has not ended; give it its last day in valid_to"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,,,H19.16.90", "line 4, column predecessors: unit H19.16.90 names the predecessor H19.16.90, which is itself"),
        ("H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01", "line 4: it has 7 cells, not 10 as the header; a comma inside a cell needs quotes"),
        ("H19.16.90,,Xã A, và B,commune,commune,H19.16,2000-01-01,,,", "line 4: it has 11 cells, not 10 as the header; a comma inside a cell needs quotes"),
        ('H19.16.90,,"Xã "A,commune,commune,H19.16,2000-01-01,,,', "line 4: it cannot be read as CSV: ',' expected after '\"'"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_refused(line: str, told: str, tmp_path: Path) -> None:
    path = listed(tmp_path, line)
    assert refused(lambda: read_units(path)) == [f"units.csv, {told}"]


def test_every_fault_is_told_at_once_by_its_line(tmp_path: Path) -> None:
    lines = ["H19.16.90,,Xã A,xa,xa,H19.16,1/1/2000,,,", "", "H19.16.91,,Xã B,commune,commune,H19.16,2000-01-01,mãi mãi,,"]
    path = listed(tmp_path, *lines)
    assert [told.partition(":")[0] for told in refused(lambda: read_units(path))] == [
        "units.csv, line 4, column level",
        "units.csv, line 4, column kind",
        "units.csv, line 4, column valid_from",
        "units.csv, line 6, column valid_to",
    ]


def test_a_file_of_another_kind_is_not_told_line_by_line_for_ever(tmp_path: Path) -> None:
    path = listed(tmp_path, *("x" for _ in range(30)))
    told = refused(lambda: read_units(path))
    assert len(told) == 21 and told[-1] == "… and 10 more"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,,,", "H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,,,"),
         "line 5, column valid_from: '2000-01-01' stands there for unit H19.16.90, but its state in line 4, from 2000-01-01, is open; give that line a valid_to before the day on which this one begins"),
        (("H19.16.90,,Xã B,commune,commune,H19.16,2023-07-01,,,", "H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,2023-07-01,,"),
         "line 4, column valid_from: '2023-07-01' stands there for unit H19.16.90, but its state in line 5, from 2000-01-01, lasts until 2023-07-01; give that line a valid_to before the day on which this one begins"),
        (("H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,2023-06-30,,", "H19.16.90,,Xã B,commune,commune,H19.16,2023-07-02,,,"),
         "line 5, column valid_from: '2023-07-02' stands there for unit H19.16.90, but its state in line 4 ends on 2023-06-30; the next begins on the day after. A unit that was dissolved and founded again needs another code"),
    ],
)  # fmt: skip
def test_states_of_a_unit_that_do_not_follow_one_another_are_refused(lines: tuple[str, ...], told: str, tmp_path: Path) -> None:
    path = listed(tmp_path, *lines)
    assert refused(lambda: read_units(path)) == [f"units.csv, {told}"]


def test_parents_that_go_round_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = listed(
        tmp_path, "A,,a,commune,commune,B,2000-01-01,,,", "B,,b,commune,commune,C,2000-01-01,,,", "C,,c,commune,commune,A,2000-01-01,,,"
    )
    told = refused(lambda: read_units(path))
    assert len(told) == 3 and told[0] == (
        "units.csv, line 4, column parent_code: the parents of unit A go round in a circle: A below B below C below A"
    )


def test_a_circle_that_a_later_state_closes_is_refused(tmp_path: Path) -> None:
    lines = [
        "A,,a,commune,commune,H19.16,2000-01-01,2022-12-31,,",
        "A,,a,commune,commune,B,2023-01-01,,,",
        "B,,b,commune,commune,A,2000-01-01,,,",
    ]
    path = listed(tmp_path, *lines)
    assert [told.partition(": ")[0] for told in refused(lambda: read_units(path))] == [
        "units.csv, line 5, column parent_code", "units.csv, line 6, column parent_code",
    ]  # fmt: skip


def test_a_successor_that_is_not_there_on_the_day_after_is_refused(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,2023-06-30,,",
        "H19.16.91,,Xã B,commune,commune,H19.16,2023-07-02,,,H19.16.90",
    )
    assert refused(lambda: read_units(path)) == [
        "units.csv, line 5, column predecessors: unit H19.16.91 names the predecessor H19.16.90, which ended on 2023-06-30; "
        "the unit is not valid on the day after"
    ]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (HEADER.replace(",predecessors", ""), f"line 1, column predecessors: the column is missing; the header must have {HEADER}"),
        (HEADER.replace("valid_to", "valid_until"), f"line 1, column valid_to: the column is missing; the header must have {HEADER}"),
        (f"{HEADER},remark", f"line 1, column remark: the column is unknown; the header may have {HEADER}"),
        (f"{HEADER},", f"line 1, column (without a name): the column is unknown; the header may have {HEADER}"),
        (f"{HEADER},name", "line 1, column name: the column is there more than once"),
        (HEADER.replace(",", ";"), f"line 1: its columns are not separated by commas; it must be {HEADER}"),
    ],
)
def test_a_header_that_is_another_one_is_refused(header: str, told: str, tmp_path: Path) -> None:
    path = listed(tmp_path, header=header)
    assert refused(lambda: read_units(path))[0] == f"units.csv, {told}"


def test_a_file_that_cannot_be_read_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    assert refused(lambda: read_units(path)) == ["units.csv: it cannot be read: No such file or directory"]
    path.write_bytes(b"")
    assert refused(lambda: read_units(path)) == [f"units.csv: it is empty; its first line must be {HEADER}"]
    path.write_bytes(f"{HEADER}\n{DISTRICT}\n{OFFICE}".encode("utf-16"))
    assert refused(lambda: read_units(path)) == ["units.csv, line 1: it is not UTF-8; save the file as CSV UTF-8"]
    path.write_bytes(f"{HEADER}\n".encode() + "H19.16,735,Huyện".encode("cp1258", errors="replace") + b"\xf0\n")
    assert refused(lambda: read_units(path)) == ["units.csv, line 2: it is not UTF-8; save the file as CSV UTF-8"]


def test_what_a_spreadsheet_does_to_a_file_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    cells = OFFICE.split(",")
    lines = [
        HEADER,
        DISTRICT,
        ",".join(f" {cell} " for cell in cells),
        ",,,,,,,,,",
        '"H19.16.90","","Xã A, và B",commune,commune,H19.16,2000-01-01,,,',
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
    units = read_units(path)
    assert list(units) == ["H19.16", "H19.16.3", "H19.16.90"]
    assert (units.states["H19.16.3"][0].name, units.states["H19.16.90"][0].name) == ("Phòng Tư pháp", "Xã A, và B")


def test_several_states_of_one_unit_and_its_tree(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "H19.20,,Thành phố,district,district,,2000-01-01,,,",
        "H19.16.90,,Xã B,commune,commune,H19.16,2023-07-01,2023-12-31,,",
        "H19.16.90,,Xã A,commune,commune,H19.16,2000-01-01,2023-06-30,,",
        "H19.16.90,,Phường B,ward,ward,H19.20,2024-01-01,,,",
    )
    units = read_units(path)
    assert [(s.name, s.level, str(s.valid_from), s.root_code) for s in units.states["H19.16.90"]] == [
        ("Xã A", "commune", "2000-01-01", "H19.16"), ("Xã B", "commune", "2023-07-01", "H19.16"), ("Phường B", "ward", "2024-01-01", "H19.20"),
    ]  # fmt: skip


def test_a_parent_that_moves_takes_the_tree_with_it(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "H19.20,,Thành phố,district,district,,2000-01-01,,,",
        "P,,p,district,office,H19.16,2000-01-01,2023-06-30,,",
        "P,,p,district,office,H19.20,2023-07-01,,,",
        "C,,c,district,office,P,2001-01-01,,,",
    )
    assert [(str(s.valid_from), str(s.valid_to), s.root_code) for s in read_units(path).states["C"]] == [
        ("2001-01-01", "2023-06-30", "H19.16"), ("2023-07-01", "None", "H19.20"),
    ]  # fmt: skip


# --- the working calendar ----------------------------------------------------------------------------------------------


def overrides(folder: Path, *lines: str, header: str = "date,is_working,legal_basis") -> Path:
    """A file of overrides."""
    path = folder / calendar.FILE
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("written", "is_working"), [("true", True), ("TRUE", True), ("false", False), ("FALSE", False), ("True", True)])
def test_true_and_false_are_read_as_a_spreadsheet_writes_them(written: str, is_working: bool, tmp_path: Path) -> None:
    path = overrides(tmp_path, f"2023-06-10,{written},a made-up decision")
    assert [found for found, _ in calendar.overrides(path).values()] == [is_working]


@pytest.mark.parametrize("written", ["1", "0", "yes", "làm việc", "WAHR"])
def test_what_is_neither_true_nor_false_is_refused(written: str, tmp_path: Path) -> None:
    path = overrides(tmp_path, f"2023-06-10,{written},a made-up decision")
    assert refused(lambda: calendar.overrides(path)) == [
        f"working_day_overrides.csv, line 2, column is_working: '{written}' stands there; allowed are true, false"
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("2023-06-10,,x",), "line 2, column is_working: it is empty, and it is needed"),
        (("10/06/2023,true,x",), "line 2, column date: '10/06/2023' stands there; allowed is a day of the calendar as 2023-12-31"),
        ((",true,x",), "line 2, column date: it is empty, and it is needed: a day as 2023-12-31"),
        (("2036-01-01,true,x",), "line 2, column date: '2036-01-01' stands there; allowed are days of the years 2015 to 2035"),
        (("2023-06-10,true,x", "", "2023-06-10,false,y"),
         "line 4, column date: '2023-06-10' stands there, and in line 2 already; a day is decided once"),
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_read_is_refused(lines: tuple[str, ...], told: str, tmp_path: Path) -> None:
    path = overrides(tmp_path, *lines)
    assert refused(lambda: calendar.overrides(path)) == [f"working_day_overrides.csv, {told}"]


def test_columns_of_the_overrides_are_those_and_no_others(tmp_path: Path) -> None:
    path = overrides(tmp_path, header="date,working,legal_basis")
    assert [told.partition(";")[0] for told in refused(lambda: calendar.overrides(path))] == [
        "working_day_overrides.csv, line 1, column is_working: the column is missing",
        "working_day_overrides.csv, line 1, column working: the column is unknown",
    ]


# --- the units of a profile --------------------------------------------------------------------------------------------


def profile(folder: Path, *units: str, name: str = "dutch_permits") -> Path:
    """A folder with the profile of the example, its units replaced."""
    folder.mkdir(exist_ok=True)
    text = (PROJECT / "docs" / "examples" / "dutch_permits.yaml").read_text(encoding="utf-8")
    head, tail = text[: text.index("units:\n")], text[text.index("entities:\n") :]
    (folder / f"{name}.yaml").write_text(head + "units:\n" + "".join(f"  - {{{unit}}}\n" for unit in units) + tail, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("level: town, kind: office", "level: 'town' stands there; allowed are district, commune, ward, province, other"),
        ("level: other, kind: desk", "kind: 'desk' stands there; allowed are district, office, public_service_unit, commune, ward, province, other"),
        ('level: other, kind: office, valid_from: "1.1.2000"', "valid_from: '1.1.2000' stands there; allowed is a day of the calendar as 2023-12-31"),
        ('level: other, kind: office, valid_to: "1999-12-31"', "valid_to: '1999-12-31' stands there, before the first day 2000-01-01"),
    ],
)  # fmt: skip
def test_a_unit_of_a_profile_that_cannot_be_read_is_refused(unit: str, told: str, tmp_path: Path) -> None:
    folder = profile(tmp_path / "sources", f"unit_code: NL.1, name: General, {unit}")
    assert refused(lambda: profile_units([load_profile(folder, "dutch_permits")])) == [f"dutch_permits.yaml, units: entry 1 (NL.1), {told}"]


def test_a_unit_that_is_told_twice_is_refused(warehouse: Settings, tmp_path: Path) -> None:
    one, other = "unit_code: NL.1, name: General, level: other, kind: office", "unit_code: NL.1, name: Special, level: other, kind: office"
    folder = profile(tmp_path / "sources", one)
    assert refused(lambda: profile_units([load_profile(profile(tmp_path / "twice", one, one), "dutch_permits")])) == [
        "dutch_permits.yaml, units: entry 2: unit NL.1 is there already, in dutch_permits.yaml"
    ]
    again = load_profile(folder, "dutch_permits")
    assert len(profile_units([again, replace(again, source="second")])) == 1, "two sources of one vendor say the same"
    profile(folder, other)
    assert refused(lambda: profile_units([again, replace(load_profile(folder, "dutch_permits"), source="second")])) == [
        "second.yaml, units: entry 1: unit NL.1 is there already, in dutch_permits.yaml"
    ]
    taken = load_profile(profile(tmp_path / "taken", one.replace("NL.1", "H19.16.3")), "dutch_permits")
    assert refused(lambda: listed_units(warehouse, [taken])) == [
        "units.csv, column unit_code: unit H19.16.3 is brought by the profile dutch_permits, too; one of them is enough"
    ]


# --- nothing is loaded -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "line"), [("units.csv", "H19.16.90,,Xã A,xã,commune,H19.16,2000-01-01,,,"), (calendar.FILE, "2023-06-12,no,x")]
)
def test_nothing_is_loaded_when_something_is_refused(file: str, line: str, warehouse: Settings, tmp_path: Path) -> None:
    """A good line in one file is not loaded when a line of another cannot be read."""
    shutil.copytree(warehouse.authority_dir, tmp_path / "reference")
    edited = replace(warehouse, authority_dir=tmp_path / "reference")
    for name, good in (("units.csv", "H19.16.91,,Xã B,commune,commune,H19.16,2000-01-01,,,"), (calendar.FILE, "2023-06-13,false,x")):
        with (edited.authority_dir / name).open("a", encoding="utf-8") as opened:
            opened.write(f"{good}\n" + (f"{line}\n" if name == file else ""))
    with pytest.raises(NotConfigured, match="nothing was loaded"):
        load_reference(edited)
    with engine(warehouse).connect() as connection:
        assert query(connection, "select 1 from core.unit where unit_code in ('H19.16.90', 'H19.16.91')") == []
        assert (
            query(connection, "select is_working from core.working_day where day in ('2023-06-12', '2023-06-13')")
            == [{"is_working": True}] * 2
        )


def test_init_prints_the_refusal_and_ends_with_1(
    warehouse: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(warehouse.authority_dir, tmp_path / "reference")
    with (tmp_path / "reference" / calendar.FILE).open("a", encoding="utf-8") as opened:
        opened.write("2023-06-12,no,x\n")
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: replace(warehouse, authority_dir=tmp_path / "reference")))
    assert cli.main(["init"]) == 1
    told = capsys.readouterr().err
    assert "working_day_overrides.csv, line 4, column is_working: 'no' stands there; allowed are true, false" in told
