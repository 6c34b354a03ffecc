"""The faults for which a workbook is refused, each with the address of its cell. A workbook without faults is accepted."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from cchc.declared.intake import COLUMNS, read
from cchc.period import parse_moment
from cchc.settings import PROJECT
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.files import Unfinished, Unreadable
from cchc.sources.landing import Landed, Window, read_parts
from cchc.sources.profile import Profile, load_profile
from tests.support.declared import declared_file_name, declared_workbook, figure
from tests.support.files import bytes_of

UNIT, MONTH = "H19.16.2", "2023-06"
NAME = declared_file_name(UNIT, MONTH)
CODE, SCORE, COUNT = "staff_training_rate", "par_index_score", "public_service_unit_count"
GOOD = [figure(CODE, 12, 20), figure(SCORE, 8542, 100), figure(COUNT, 40)]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile(PROJECT / "include" / "sources", "declared")


@pytest.fixture
def judge(profile: Profile) -> Callable[..., str]:
    """The faults of a workbook as one text; the empty text where there are none."""

    def faults(book: Workbook | bytes, name: str = NAME) -> str:
        assert profile.files is not None
        try:
            list(read(book if isinstance(book, bytes) else bytes_of(book), name, profile, profile.files))
        except Unreadable as problem:
            return str(problem)
        return ""

    return faults


@pytest.mark.parametrize("word", ["chưa duyệt", "Chưa", "không", "-", "…", "0", "n/a", "X", "chờ duyệt"])
def test_a_word_that_is_no_name_is_no_approver(judge: Callable[..., str], word: str) -> None:
    assert "SoLieu!G2: NguoiDuyet is no name; leave it empty" in judge(edited(G2=word))


@pytest.mark.parametrize("name", ["Nguyễn Văn Duyệt", "Khổng Thị Chờ", "Xuân", "O", "Na Văn An"])
def test_names_are_approvers(judge: Callable[..., str], name: str) -> None:
    assert judge(edited(G2=name)) == ""


def edited(**cells: Any) -> Workbook:
    """The good workbook with some cells changed."""
    book = declared_workbook(GOOD)
    for address, value in cells.items():
        book["SoLieu"][address] = value
    return book


def test_a_good_workbook(profile: Profile, judge: Callable[..., str]) -> None:
    assert judge(edited()) == ""
    assert profile.files is not None
    book = edited(
        B2=12.0, C2="20", E2=date(2023, 6, 5), D2="12/QĐ-UBND", H2=datetime(2023, 6, 30, 8), A9=None, A5="staff_record_completeness_rate"
    )
    found = list(read(bytes_of(book), NAME, profile, profile.files))
    assert found[0] == (
        2,
        {"MaDonVi": UNIT, "Thang": MONTH, "MaChiTieu": CODE, "TuSo": 12, "MauSo": 20, "CanCu": "12/QĐ-UBND", "NgayCanCu": "05/06/2023",
         "NguoiDuyet": "Nguyễn Văn Duyệt", "NgayDuyet": "30/06/2023"},
    )  # fmt: skip
    assert [number for number, _ in found] == [2, 3, 4]  # row 5 was left blank


@pytest.mark.parametrize("unit", ["H19.16.2", "H19.16.21", "H19.16", "H19.16.30"])
def test_every_unit_may_declare_every_figure_of_the_plan(profile: Profile, unit: str) -> None:
    """Asked for or not, computed or not, whatever the unit's validity: the contract forbids none of it."""
    assert profile.files is not None
    codes = [CODE, "legal_document_review_rate", "dossier_on_time_rate", "onestop_staff_training_rate"]
    book = declared_workbook(
        [*(figure(code, 1, 2) for code in codes), figure(SCORE, 86, 90), figure(COUNT, 40, 12), figure("ecertified_copy_count", 5)]
    )
    found = [record for _, record in read(bytes_of(book), declared_file_name(unit, "2024-12"), profile, profile.files)]
    assert [record["MaChiTieu"] for record in found] == [*codes, SCORE, COUNT, "ecertified_copy_count"]
    assert [record.get("MauSo") for record in found] == [2, 2, 2, 2, 90, None, None]  # beside a count it is not kept


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"B2": -3}, f"{NAME}, SoLieu!B2: TuSo is -3, must be a whole number ≥ 0"),
        ({"B2": 12.5}, "SoLieu!B2: TuSo is 12.5, must be a whole number ≥ 0"),
        ({"B2": "mười hai"}, "SoLieu!B2: TuSo is a text of 8 characters, must be a whole number ≥ 0"),
        ({"B2": True}, "SoLieu!B2: TuSo is True, must be"),
        ({"B2": 10**15}, "SoLieu!B2: TuSo is a number of 16 characters, must be a whole number ≥ 0 and below"),
        ({"C2": -1}, "SoLieu!C2: MauSo is -1, must be a whole number ≥ 0"),
        ({"C2": None}, "SoLieu!C2: MauSo is empty, must be a whole number ≥ 0: staff_training_rate is a rate"),
        ({"B2": None}, "SoLieu!B2: TuSo is empty, must be"),
        ({"B2": 21}, "SoLieu!B2: TuSo is 21, must not be more than MauSo, which is 20"),
        ({"B2": "#DIV/0!"}, "SoLieu!B2: is the error #DIV/0!"),
        ({"C3": "#REF!"}, "SoLieu!C3: is the error #REF!"),
        ({"D2": "#N/A"}, "SoLieu!D2: is the error #N/A"),
        ({"B2": "=1/0"}, "SoLieu!B2: is a formula without a stored value"),
        ({"C3": None}, "SoLieu!C3: MauSo is empty, must be a whole number ≥ 0: par_index_score is a score"),
        ({"C4": -5}, "SoLieu!C4: MauSo is -5, must be a whole number ≥ 0"),
        ({"C4": "#N/A"}, "SoLieu!C4: is the error #N/A"),
        ({"A2": "staf_training_rate"}, "SoLieu!A2: MaChiTieu staf_training_rate is no indicator code"),
        ({"A2": "dossier_in_time_overall_rate"}, "SoLieu!A2: MaChiTieu dossier_in_time_overall_rate is no indicator of the plan; it is computed"),
        ({"A3": CODE, "C3": 10000}, "SoLieu!A3: staff_training_rate stands in row 2 already"),
        ({"A2": None}, "SoLieu!A2: MaChiTieu is empty, but the row is filled in"),
        ({"E2": "31/02/2023"}, "SoLieu!E2: NgayCanCu is 31/02/2023, must be a date dd/mm/yyyy"),
        ({"H2": 7}, "SoLieu!H2: NgayDuyet is 7, must be a date"),
        ({"C1": "Mau"}, "SoLieu!1:1: the column MauSo is missing"),
        ({"J1": "TuSo"}, "SoLieu!J1: the column TuSo is there twice"),
        ({"J1": "MaDonVi", "J2": "H19.16.3"}, "SoLieu!J2: MaDonVi is H19.16.3, but the file's name says H19.16.2"),
        ({"J1": "Thang", "J2": "2023-05"}, "SoLieu!J2: Thang is 2023-05, but the file's name says 2023-06"),
    ],
)  # fmt: skip
def test_a_fault_names_its_cell(judge: Callable[..., str], cells: dict[str, Any], said: str) -> None:
    found = judge(edited(**cells))
    assert said in found
    assert found.startswith(NAME)


def test_every_fault_of_a_file_is_named_at_once(judge: Callable[..., str]) -> None:
    found = judge(edited(B2=-3, C3="x", A4="y"))
    assert [place in found for place in ("SoLieu!B2", "SoLieu!C3", "SoLieu!A4")] == [True] * 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda book: book["SoLieu"].merge_cells("B2:B3"), "SoLieu!B2:B3: the cells are merged"),
        (lambda book: setattr(book["SoLieu"].row_dimensions[3], "hidden", True), "SoLieu!3:3: the row is hidden and not empty"),
        (lambda book: setattr(book["SoLieu"].column_dimensions["C"], "hidden", True), "SoLieu!C:C: the column MauSo is hidden"),
        (lambda book: book["SoLieu"].column_dimensions.group("B", "D", hidden=True), "SoLieu!D:D: the column CanCu is hidden"),
        (lambda book: setattr(book["SoLieu"], "title", "Sheet1"), "there is no sheet SoLieu; there are 1 of another name"),
        (lambda book: book["SoLieu"].delete_rows(2, 3), "SoLieu!B2: no row has a TuSo"),
        (lambda book: book["SoLieu"].cell(900_000, 1, " "), "SoLieu!A2001: the sheet reaches down to row 900000"),
        (lambda book: (book.create_sheet("x"), setattr(book["SoLieu"], "sheet_state", "hidden")), "SoLieu!A1: the sheet is hidden"),  # type: ignore[func-returns-value]
        (lambda book: book.create_sheet("HuongDan").append(("MaDonVi", "H19.16.3")), "HuongDan!B1: MaDonVi is H19.16.3, but the file's name says"),
        (lambda book: book.create_sheet("HuongDan").append(("Thang", "2023-07")), "HuongDan!B1: Thang is 2023-07, but the file's name says"),
    ],
)  # fmt: skip
def test_surprises_of_shape(judge: Callable[..., str], change: Callable[[Workbook], Any], said: str) -> None:
    book = declared_workbook(GOOD)
    change(book)
    assert said in judge(book)


def test_an_error_that_a_spreadsheet_computed(judge: Callable[..., str]) -> None:
    """A formula whose stored value is an error, as Excel saves it; and one whose stored value is a number."""

    def stored(value: str, kind: str) -> bytes:
        source, out = io.BytesIO(bytes_of(edited(B2="=C2/0"))), io.BytesIO()
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "xl/worksheets/sheet1.xml":
                    # an empty element is written in one of three ways, as the XML library at hand likes
                    data, found = re.subn(
                        rb'<c r="B2"><f>C2/0</f><v(?: ?/>|></v>)</c>', f'<c r="B2"{kind}><f>C2/0</f><v>{value}</v></c>'.encode(), data
                    )
                    assert found == 1
                new.writestr(name, data)
        return out.getvalue()

    assert "SoLieu!B2: is the error #DIV/0!" in judge(stored("#DIV/0!", ' t="e"'))
    assert judge(stored("7", "")) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (declared_file_name("H19.16.99", MONTH), "tukhai_H19.16.99_2023-06.xlsx: the unit H19.16.99 is no unit of the list"),
        ("tukhai_H19.16.2_2023-06_r1.xlsx", "expected a name like"),
        ("tukhai_H19.16.2_thang6.xlsx", "expected a name like tukhai_<MaDonVi>_<YYYY-MM>.xlsx"),
    ],
)
def test_the_name_says_unit_and_month(judge: Callable[..., str], name: str, said: str) -> None:
    book = declared_workbook([figure("dossier_on_time_rate", 1, 2)])
    assert said in judge(book, name)


def test_a_row_is_not_blamed_for_an_unknown_unit(judge: Callable[..., str]) -> None:
    told = judge(declared_workbook([figure("dossier_on_time_rate", 1, 2)]), declared_file_name("H19.16.99", MONTH))
    assert "so its rows were not judged" in told
    assert "MaChiTieu" not in told, "nobody knows what a unit is asked for that does not exist"


# --- as files of a drop folder ---------------------------------------------------------------------------------------------


@pytest.fixture
def collect(profile: Profile, tmp_path: Path) -> Callable[..., list[Landed]]:
    inbox = tmp_path / "inbox"
    inbox.mkdir()

    def run(files: dict[str, Workbook | bytes], known: str = "2023-07-01", *, number: int = 1, **options: Any) -> list[Landed]:
        for name, book in files.items():
            (inbox / name).write_bytes(book if isinstance(book, bytes) else bytes_of(book))
        window = Window(options.pop("start", None), parse_moment(known), options.pop("explicit", False))
        landing = (tmp_path / "landing").as_uri()
        return extract(profile, Connection("declared", str(inbox)), window, landing, extract_id=number, privacy_key="k", **options)

    return run


def test_a_faulty_file_is_blocked_and_the_others_land(collect: Callable[..., list[Landed]]) -> None:
    loads = collect(
        {
            NAME: edited(B2=-3),
            declared_file_name("H19.16.3", MONTH): declared_workbook([figure(CODE, 1, 2)]),
            "tukhai_H19.16.2_2023-13.xlsx": edited(),
        }
    )
    assert [(load.file_name, load.status) for load in loads] == [
        ("tukhai_H19.16.2_2023-13.xlsx", "blocked"),
        (NAME, "blocked"),
        (declared_file_name("H19.16.3", MONTH), "landed"),
    ]
    assert "expected a name like tukhai_<MaDonVi>_<YYYY-MM>.xlsx" in (loads[0].message or "")
    assert f"{NAME}, SoLieu!B2: TuSo is -3, must be a whole number ≥ 0" in (loads[1].message or "")
    (line,) = [line for _, lines in read_parts(loads[2]) for line in lines]
    assert (line[0], line[1]["TuSo"], len(line[1]["NguoiDuyet"])) == (2, 1, 32)
    assert "NguoiKhai" not in line[1]


def test_a_month_that_has_not_begun_is_blocked_and_judged_again_when_it_has(collect: Callable[..., list[Landed]]) -> None:
    name = declared_file_name(UNIT, "2023-07")
    (load,) = collect({name: edited()}, "2023-07-01")
    assert load.status == "blocked"
    assert f"{name}: the month 2023-07 has not begun at T = 2023-07-01T00:00:00+07:00" in (load.message or "")
    assert "sha256" not in load.manifest  # so no run remembers it
    (load,) = collect({}, "2023-07-02", number=2)
    assert load.status == "landed"
    # a window of the past does not ask for what came after it
    assert collect({}, "2023-06-30", number=3, start=parse_moment("2023-06-01"), explicit=True) == []


def test_a_blocked_file_is_told_once_until_it_or_the_lists_change(
    collect: Callable[..., list[Landed]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (load,) = collect({NAME: edited(B2=-3)})
    known = {NAME: load.manifest["sha256"]}
    assert collect({}, number=2, known_files=known) == []
    monkeypatch.setattr("cchc.declared.intake.rules_stamp", lambda: b"another list")
    assert [load.status for load in collect({}, number=3, known_files=known)] == ["blocked"]
    assert [load.status for load in collect({NAME: edited()}, number=4, known_files=known)] == ["landed"]


def test_half_a_workbook_waits(collect: Callable[..., list[Landed]], profile: Profile) -> None:
    half = bytes_of(edited())[:2000]
    (load,) = collect({NAME: half})
    assert load.status == "waiting"
    assert profile.files is not None
    with pytest.raises(Unfinished, match="no whole workbook"):
        list(read(half, NAME, profile, profile.files))


def test_the_header_is_the_contracts() -> None:
    assert ",".join(COLUMNS) == "MaChiTieu,TuSo,MauSo,CanCu,NgayCanCu,NguoiKhai,NguoiDuyet,NgayDuyet,GhiChu"
