"""Feedback and survey in their drop folders: what is in the files, in which form, and when each one arrives."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from demo import clock, drops, feedback, people, survey
from demo.oddities import ODDITIES
from demo.units import BY_CODE

STATES = {"cho_tiep_nhan", "dang_xu_ly", "da_xu_ly", "tu_choi", "chuyen_don_vi"}


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a whole file, as texts (cells of times as `dd/MM/yyyy[ HH:mm]`)."""
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[0]
        header, *rows = sheet.iter_rows(values_only=True)
        return [dict(zip(header, map(_text, row), strict=True)) for row in rows]  # type: ignore[arg-type]
    text = path.read_bytes().decode("utf-8-sig")
    assert text.endswith("\r\n")
    delimiter = ";" if ";" in text.partition("\r\n")[0] else ","
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y %H:%M").removesuffix(" 00:00")
    return "" if value is None else str(value)


def newest(paths: list[Path], key: str) -> dict[str, dict[str, Any]]:
    """The rows by key; of two the one of the file with the greatest (date, revision) in its name."""

    def order(path: Path) -> tuple[str, int]:
        found = re.fullmatch(r"[a-z]+_(\d{8})(?:_r(\d+))?\.(?:csv|xlsx)", path.name)
        assert found, path.name
        return found[1], int(found[2] or 1)

    return {row[key]: row for path in sorted(paths, key=order) for row in read(path)}


@pytest.fixture
def at_the_end(moving: Any) -> Any:
    moving.demo.advance(clock.END)
    return moving


def test_the_first_load_has_nothing_that_turns_it_red(client: Any) -> None:
    files = sorted(path.name for path in client.feedback.iterdir())
    assert len(files) == 104 + 2  # Sundays of 2022 and 2023 from 9 January 2022 on, and two revisions
    assert files[0] == "phananh_20220109.csv"
    assert {path.name for path in client.survey.iterdir()} == {
        *(f"khaosat_{day:%Y%m%d}.{'xlsx' if (day.year, day.month) == (2023, 8) else 'csv'}" for day in _month_ends()),
        "khaosat_20230630_r2.csv",
    }
    for path in client.feedback.iterdir():
        rows = read(path)
        assert tuple(rows[0]) == feedback.COLUMNS
        strange = [
            row for row in rows if row["MaDonViXuLy"] not in BY_CODE or row["TrangThai"] not in STATES or row["KenhTiepNhan"] == "zalo"
        ]
        assert len(strange) <= 3, "far from the limit that blocks a load"
    for path in client.survey.iterdir():
        assert tuple(read(path)[0]) == survey.COLUMNS


def _month_ends() -> list[date]:
    firsts = [date(2022 + month // 12, month % 12 + 1, 1) for month in range(25)]
    return [date.fromordinal(first.toordinal() - 1) for first in firsts[1:]]


def test_separators_marks_and_workbooks(client: Any) -> None:
    heads = {path.name: path.read_bytes()[:40] for folder in (client.feedback, client.survey) for path in folder.glob("*.csv")}
    forms = Counter((head.startswith(b"\xef\xbb\xbf"), b";" in head) for head in heads.values())
    assert min(forms.values()) > 5
    assert len(forms) == 4
    book = client.feedback / "phananh_20230903.xlsx"
    cells = [cell for row in openpyxl.load_workbook(book).worksheets[0].iter_rows(min_row=2, values_only=True) for cell in row]
    assert any(isinstance(cell, datetime) for cell in cells)
    assert {info.date_time for info in zipfile.ZipFile(book).infolist()} == {(2023, 1, 1, 0, 0, 0)}


def test_planted_items_of_feedback(at_the_end: Any, district: Any) -> None:
    whole = [path for path in at_the_end.feedback.iterdir() if path.name != "phananh_20240121.csv"]
    rows = newest(whole, "MaPhanAnh")
    assert set(rows) == {item.key for item in district.feedback if item.sent < clock.moment(2024, 1, 29)}, "every item is in some file"
    planted = district.planted
    assert {key for key, row in rows.items() if row["MaTrung"]} == set(planted["feedback-repeat"])
    assert all(rows[key]["MaTrung"] in rows and rows[key]["KenhTiepNhan"] == "dvcqg" for key in planted["feedback-repeat"])
    assert [key for key, row in rows.items() if row["MaDonViXuLy"] not in BY_CODE] == planted["feedback-unknown-unit"]
    strange = {key for key, row in rows.items() if row["TrangThai"] not in STATES or row["KenhTiepNhan"] not in ("1022", "dvcqg", "tinh")}
    assert strange == set(planted["feedback-unknown-code"])
    assert {key for key, row in rows.items() if row["HanXuLy"].startswith("31/02")} == set(planted["feedback-odd-time"])
    assert set(planted["feedback-passed-on"]) <= {
        key for key, row in rows.items() if row["TrangThai"] == "chuyen_don_vi" and not row["NgayTraLoi"]
    }
    late = {
        key
        for key, row in rows.items()
        if _day(row["NgayTraLoi"]) and _day(row["HanXuLy"]) and _day(row["NgayTraLoi"]) > _day(row["HanXuLy"])
    }
    assert set(planted["feedback-late-answer"]) <= late
    ordinary = [row for key, row in rows.items() if not key.startswith("PA9") and row["NgayTraLoi"]]
    assert 0.01 < len([key for key in late if not key.startswith("PA9")]) / len(ordinary) < 0.10
    for key in planted["feedback-absent"]:
        holding = [path.name for path in whole if key in {row["MaPhanAnh"] for row in read(path)}]
        assert 1 <= len(holding) <= 3, "open, and soon in no file any more"
        assert rows[key]["NgayTraLoi"] == ""
    assert not any(marker in str(rows) for marker in people.MARKERS)


def _day(text: str) -> str:
    """`yyyyMMdd` of a time that can be read, else ""."""
    found = re.match(r"(\d\d)/(\d\d)/(\d{4})", text)
    return f"{found[3]}{found[2]}{found[1]}" if found and text[:5] != "31/02" else ""


def test_planted_forms_of_the_survey(at_the_end: Any, district: Any) -> None:
    rows = newest(list(at_the_end.survey.iterdir()), "MaPhieu")
    assert set(rows) == {form.key for form in district.survey if form.day <= drops.SURVEY_CUT}, "the rest of January comes in February"
    assert [key for key, row in rows.items() if row["MaDonVi"] not in BY_CODE] == district.planted["survey-unknown-unit"]
    strange = {key for key, row in rows.items() if row["MucDoHaiLong"] not in ("", "1", "2", "3", "4", "5")}
    assert strange == set(district.planted["survey-unknown-score"])
    first = {row["MaPhieu"]: row["MucDoHaiLong"] for row in read(at_the_end.survey / "khaosat_20230630.csv")}
    corrected = {
        row["MaPhieu"] for row in read(at_the_end.survey / "khaosat_20230630_r2.csv") if first[row["MaPhieu"]] != row["MucDoHaiLong"]
    }
    assert corrected == set(district.planted["survey-corrected"])
    assert 0.03 < sum(row["MucDoHaiLong"] == "" for row in rows.values()) / len(rows) < 0.12


def test_odd_files_arrive_with_the_clock(moving: Any) -> None:
    late = [parcel for parcel in drops.feedback_parcels([]) if parcel.name == "phananh_20230716.csv"]
    assert clock.iso(late[0].at) > "2023-07-24", "after the file of the week after"
    whole = moving.feedback / "phananh_20240114.csv"
    moving.demo.advance("2024-01-15T06:00:00+07:00")
    assert not whole.read_bytes().endswith(b"\n"), "cut off"
    moving.demo.advance("2024-01-16T06:00:00+07:00")
    broken = moving.survey / "khaosat_20240115.xlsx"
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(broken)
    moving.demo.advance("2024-01-18T06:00:00+07:00")
    assert whole.read_bytes().endswith(b"\r\n")
    assert read(broken)
    moving.demo.advance("2024-01-25T00:00:00+07:00")
    assert "MaTrung" not in read(moving.feedback / "phananh_20240121.csv")[0]
    assert "MaTrung" in read(moving.feedback / "phananh_20240121_r2.csv")[0]
    assert not [path.name for folder in (moving.feedback, moving.survey) for path in folder.iterdir() if path.name.startswith(".")]


def test_the_list_of_oddities_counts_their_files() -> None:
    names = [parcel.name for parcel in drops.feedback_parcels([])]
    assert sum("_r2" in name for name in names) == ODDITIES["feedback-revision"].how_many + ODDITIES["feedback-blocked"].how_many
    assert sum(name.endswith(".xlsx") for name in names) == ODDITIES["feedback-xlsx"].how_many
    assert [name for name in names if names.count(name) > 1] == ["phananh_20240114.csv"] * 2
