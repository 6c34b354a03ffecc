"""`cchc profile draft` of a folder of yearly files: every header is looked at, and names that change from year to year become aliases."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
import yaml

from cchc.profiles import headers
from cchc.profiles.dated_names import name_pattern, years_of
from cchc.settings import Settings
from tests.support.cli import Said, cchc, connect
from tests.support.warehouse import rows_of

# made-up registers of a planning authority: what the same three columns are called, year by year
HEADERS = {
    2015: "Application Number;Date Received;Target;Decision Date;Department;Channel",
    2016: "Application Number;Date Received;Target;Decision Date;Department;Channel",
    2017: "Application Number;Opened;Due Date;Decision Date;Department;Channel",
    2018: "Case;Start Date;Due Date;Decision Date;Department;Channel",
    2019: "Dossier;Start Date;Due Date;Decision Date;Department;Channel",
}
OFFICE = "H19.16.21"


def row(year: int, number: int, day: str = "{d:02}/05/{y}") -> str:
    """One made-up permit."""
    days = [day.format(d=d, y=year) for d in (number, number + 10, number + 5)]
    return ";".join([f"P{year}/{number}", *days, OFFICE, "Web"])


def register(folder: Path, year: int, header: str | None = None, day: str = "{d:02}/05/{y}") -> Path:
    """The file of a year, with three permits."""
    path = folder / f"register_{year}.csv"
    lines = [header or HEADERS[year], *(row(year, number, day) for number in (2, 3, 4))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "in"
    found.mkdir()
    for year in HEADERS:
        register(found, year)
    return found


def drafted(sample: Path, output: Path) -> Said:
    """A draft of dossiers."""
    output.unlink(missing_ok=True)
    return cchc("profile", "draft", str(sample), "--model", "dossier", "--output", str(output))


def columns_of(profile: Path) -> dict[str, object]:
    """The columns of the drafted entity."""
    found: dict[str, object] = yaml.safe_load(profile.read_text(encoding="utf-8"))["entities"]["dossiers"]["columns"]
    return found


def test_names_that_change_become_aliases_with_their_years_and_all_years_load(
    warehouse: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(folder, 2016, day="{y}-05-{d:02}")  # another way of writing days
    profile = tmp_path / "planning.yaml"
    said = drafted(folder, profile)
    assert said.code == 0, said.err
    text = profile.read_text(encoding="utf-8")
    assert "LOOK planning the files named register_*.csv: 4 of 5 have another header than register_2019.csv" in said.out
    assert r'name: "register_{yyyy}\\.csv"  # guess: how the year, by which names of fields hold, stands' in text, text
    columns = columns_of(profile)
    assert columns["dossier_code"] == {
        "from": "Dossier",
        "aliases": [{"name": "Case", "from": 2018, "to": 2018}, {"name": "Application Number", "to": 2017}],
    }, text
    assert columns["received_at"] == {
        "from": "Start Date",
        "aliases": [{"name": "Opened", "from": 2017, "to": 2017}, {"name": "Date Received", "to": 2016}],
        "critical": True,
    }, text
    assert columns["due_at"] == {"from": "Due Date", "aliases": [{"name": "Target", "to": 2016}], "critical": True}
    assert re.search(r"received_at: .*  # guess, its other names too", text)
    assert yaml.safe_load(text)["time_formats"] == ["dd/MM/yyyy", "iso"], "the other years' way of writing days is proposed, too"

    for old, new in (("name_vi: TODO", "name_vi: Sổ cấp phép"), ("owner: TODO", "owner: Thử"), ("Web: TODO", 'Web: "2"')):
        assert old in text, text
        text = text.replace(old, new)
    profile.write_text(text, encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(tmp_path))
    connect(monkeypatch, "planning", conn_type="fs", host=str(folder))
    checked = cchc("profile", "check", "planning")
    assert (checked.code, "WRONG" in checked.out) == (0, False), checked.out
    assert cchc("init").code == 0
    loaded = cchc("ingest", "planning")
    assert loaded.code == 0, loaded.out + loaded.err
    found = rows_of(
        warehouse,
        "select extract(year from received_at at time zone 'Asia/Ho_Chi_Minh')::int as year, count(*) as n, count(due_at) as due "
        "from core.dossier where source_code = 'planning' group by 1 order by 1",
    )
    assert found == [{"year": year, "n": 3, "due": 3} for year in HEADERS]


def test_what_no_name_is_found_for_is_told_with_its_years(folder: Path, tmp_path: Path) -> None:
    register(folder, 2016, "Application Number;Date Received;Xyz;Decision Date;Department;Channel;Extra")
    register(folder, 2015, "P2015/2;02/05/2015;12/05/2015;07/05/2015;Nguyễn Văn Mẫu;Web")
    (folder / "register_2014.csv").write_bytes(b"")
    profile = tmp_path / "planning.yaml"
    said = drafted(folder, profile)
    text = profile.read_text(encoding="utf-8")
    lack = "# due_at: the header of 1 file of 2016 has no field for it: name it under 'aliases', or optional: true with a reason; new names"
    assert f"{lack} there: Xyz, Extra" in text, text
    strange = "the first row of 1 file of 2015 is no header like the others, and is not repeated here"
    assert strange in said.out and strange in text
    assert "register_2014.csv: its header cannot be read: it is empty" in said.out, said.out
    assert "Mẫu" not in text + said.out, "a first row may be the record of a citizen"


def test_a_name_is_taken_by_its_place_where_its_values_fit_and_is_marked(folder: Path, tmp_path: Path) -> None:
    register(folder, 2018, "Case;Xyz;Due Date;Decision Date;Department;Channel")
    profile = tmp_path / "planning.yaml"
    assert drafted(folder, profile).code == 0
    text = profile.read_text(encoding="utf-8")
    assert "# received_at: Xyz is guessed by its place in the header alone; look at it" in text, text
    received = columns_of(profile)["received_at"]
    assert isinstance(received, dict) and {"name": "Xyz", "from": 2018, "to": 2018} in received["aliases"]


def test_a_name_that_stands_beside_the_field_elsewhere_is_no_other_name_of_it(folder: Path, tmp_path: Path) -> None:
    register(folder, 2018, "Case;Opened;Due Date;Decision Date;Start Date;Channel")
    profile = tmp_path / "planning.yaml"
    assert drafted(folder, profile).code == 0
    text = profile.read_text(encoding="utf-8")
    received = columns_of(profile)["received_at"]
    assert isinstance(received, dict) and "Opened" not in [each["name"] for each in received["aliases"]], text
    assert "received_at: the header of 1 file of 2017 has no field for it" in text, text


def test_without_years_in_the_names_the_names_are_a_list(folder: Path, tmp_path: Path) -> None:
    for number, year in enumerate(HEADERS):
        (folder / f"register_{year}.csv").rename(folder / f"part_{number}.csv")
    profile = tmp_path / "planning.yaml"
    said = drafted(folder, profile)
    columns = columns_of(profile)
    assert columns["dossier_code"] == {"from": ["Dossier", "Case", "Application Number"]}, profile.read_text(encoding="utf-8")
    assert (
        "files.name" not in said.out and "name:" not in profile.read_text(encoding="utf-8").partition("entities:")[0].partition("files:")[2]
    )


def test_where_looking_at_headers_stopped_is_told(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "MOST_HEADERS", 3)
    profile = tmp_path / "planning.yaml"
    told = "planning the files named register_*.csv: the headers of 3 of 5 were looked at, the newest first, down to register_2017.csv;"
    said = drafted(folder, profile)
    assert f"LOOK {told} of the others nothing is known" in said.out
    assert f"# LOOK {told}" in profile.read_text(encoding="utf-8") and "Date Received" not in profile.read_text(encoding="utf-8")


def titled(path: Path, *titles: list[str | None]) -> Path:
    """The shape of a city's yearly workbooks of permits: a title and the day of the report in the first row, the header below."""
    book = openpyxl.Workbook()
    assert book.active is not None
    lines: list[list[str | None]] = [
        ["Permit Number", "Date Received", "Issued"],
        ["P1", "2016-05-02", "2016-05-09"],
        ["P2", "2016-05-03", None],
    ]
    for line in (*titles, *lines):
        book.active.append(line)
    book.save(path)
    return path


def test_a_header_below_titles_is_found(tmp_path: Path) -> None:
    for year in (2015, 2016):
        titled(tmp_path / f"city_{year}.xlsx", ["Construction Report", None, None, "2016-09-15"], [], ["Permits issued"], [])
    profile = tmp_path / "planning.yaml"
    said = drafted(tmp_path, profile)
    text = profile.read_text("utf-8")
    assert "LOOK" not in said.out, said.out
    assert "layout: {}  # guess: titles stand above the header, which is found by its names" in text, text
    assert columns_of(profile)["received_at"] == {"from": "Date Received", "critical": True}
    assert "Construction Report" not in text
    (tmp_path / "register.csv").write_text(
        "Register of 2016,,\n,,\nPermit Number,Date Received,Issued\nP1,2016-05-02,2016-05-09\n", "utf-8"
    )
    assert drafted(tmp_path / "register.csv", profile).code == 0
    assert columns_of(profile)["received_at"] == {"from": "Date Received", "critical": True}


def test_a_first_row_with_a_cell_without_a_name_is_told(tmp_path: Path) -> None:
    said = drafted(titled(tmp_path / "city_2016.xlsx", ["Report", None, "of", "the year"]), tmp_path / "planning.yaml")
    told = "LOOK planning city_2016.xlsx: the first row has cells without a name, so it may be a title above the header"
    assert told in said.out, said.out


def test_workbooks_and_encodings_of_several_years(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for year, received in ((2021, "Ngày nhận"), (2022, "Ngày tiếp nhận")):
        book = openpyxl.Workbook()
        assert book.active is not None
        book.active.append(["Số hồ sơ", received, "Hẹn trả"])
        book.active.append([f"HS-{year}", f"02/05/{year}", f"12/05/{year}"])
        book.save(folder / f"so_{year}.xlsx")
    profile = tmp_path / "planning.yaml"
    assert drafted(folder, profile).code == 0
    received_at = columns_of(profile)["received_at"]
    assert received_at == {"from": "Ngày tiếp nhận", "aliases": [{"name": "Ngày nhận", "to": 2021}], "critical": True}
    for path in folder.iterdir():
        path.unlink()
    old = "Số hồ sơ\tNgày nhận\nHS-1\t02/05/2021\n"
    for composed, apart in (("ố", "ô\u0301"), ("ồ", "ô\u0300"), ("ậ", "â\u0323")):  # this encoding has the marks of tones apart
        old = old.replace(composed, apart)
    (folder / "so_2021.csv").write_bytes(old.encode("cp1258"))
    (folder / "so_2022.csv").write_text("Số hồ sơ,Ngày nhận\nHS-2,02/05/2022\n", encoding="utf-8")
    said = drafted(folder, profile)
    text = profile.read_text(encoding="utf-8")
    assert 'layout: {encodings: ["utf-8", cp1258]}  # guess: the files are not all in one encoding' in text, text
    assert "not all have the same character between columns (', or ;' and '\\t'); convert some of them" in said.out, said.out


@pytest.mark.parametrize(
    ("name", "pattern", "year"),
    [
        ("register_2019.csv", r"register_{yyyy}\.csv", 2019),
        ("so_2023-05.csv", r"so_{yyyy-MM}\.csv", 2023),
        ("v2_so_202305.csv", r"v\d+_so_{yyyyMM}\.csv", 2023),
        ("a_2023-05-09_7.csv", r"a_{yyyy-MM-dd}_\d+\.csv", 2023),
        ("a_20230509.csv", r"a_(?P<date>\d{8})(?:_r(?P<revision>[1-9]\d*))?\.csv", 2023),
        ("part_7.csv", None, None),
        ("order_120195.csv", None, None),
    ],
)
def test_the_year_in_a_name(name: str, pattern: str | None, year: int | None) -> None:
    assert name_pattern(name) == pattern
    assert pattern is None or years_of([f"x/{name}", name.upper()], pattern) in (None, {f"x/{name}": year, name.upper(): year})
    assert pattern is None or years_of([f"x/{name}"], pattern) == {f"x/{name}": year}
