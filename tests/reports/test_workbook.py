"""Form II.06a and the tables as workbooks."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cchc.errors import NotConfigured
from cchc.reports.content import Content, Score, rank
from cchc.reports.layout import Layout
from cchc.reports.workbook import form_workbook, sheet_name, table_workbook
from tests.reports.conftest import COMMUNE, OFFICE, Make, form_row, late_row, unit_row


def opened(data: bytes, *, values: bool = False) -> Any:
    return load_workbook(io.BytesIO(data), data_only=values)


def cells(sheet: Any) -> dict[str, Any]:
    return {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None}


def test_the_form_has_its_columns_in_order(make: Make, layout: Layout) -> None:
    sheet = opened(form_workbook(make(), layout))["II.06a"]
    found = cells(sheet)
    assert found["A1"] == "Biểu số II.06a/VPCP/KSTT"
    assert found["J1"] == "Đơn vị báo cáo: UBND huyện Vĩnh Cửu"
    assert found["J2"] == "Đơn vị nhận báo cáo: Ủy ban nhân dân tỉnh Đồng Nai"
    assert found["A4"] == "Kỳ báo cáo: tháng 12 năm 2023 (Từ ngày 01/12/2023 đến ngày 31/12/2023)"
    assert found["J5"] == "Đơn vị tính: Số hồ sơ TTHC"
    assert [found.get(f"{letter}6") for letter in "ABCGK"] == [
        "TT", "Lĩnh vực, công việc giải quyết theo cấp", "Số lượng hồ sơ tiếp nhận", "Số lượng hồ sơ đã giải quyết", "Số lượng hồ sơ đang giải quyết",
    ]  # fmt: skip
    assert [found[f"{letter}9"] for letter in "ABCDEFGHIJKLM"] == [
        "(1)", "(2)", "(3)=(4)+(5)+(6)", "(4)", "(5)", "(6)", "(7)=(8)+(9)+(10)", "(8)", "(9)", "(10)", "(11)=(12)+(13)", "(12)", "(13)",
    ]  # fmt: skip
    assert [found[f"{letter}11"] for letter in "CDEFGHIJKLM"] == [1550, 1200, 300, 50, 1420, 900, 500, 20, 130, 115, 15]
    assert (found["A10"], found["B10"], found["C10"]) == ("I", "Lĩnh vực giải quyết cấp huyện", "=SUM(C11:C12)")
    assert (found["A13"], found["B13"], found["C15"]) == ("II", "Lĩnh vực giải quyết cấp xã", "=C10+C13")
    assert "3 hồ sơ trả lại" in found["A16"] and "6 hồ sơ không có ngày hẹn trả" in found["A16"]
    assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9 and sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$6:$9"
    assert sheet["C11"].number_format == "[$-42A]#,##0" and sheet["C11"].font.name == "Times New Roman"


def test_readers_that_do_not_calculate_see_the_sums(make: Make, layout: Layout) -> None:
    found = cells(opened(form_workbook(make(), layout), values=True)["II.06a"])
    assert (found["C10"], found["C13"], found["C15"], found["M15"]) == (1585, 1230, 2815, 22)
    assert [value for value in found.values() if value == "Đúng"] == ["Đúng"] * 4
    assert found.get("A5") in (None, "")


def test_a_broken_row_is_told_in_red(make: Make, layout: Layout) -> None:
    broken = replace(form_row("commune", "Hộ tịch", 4, 8, 3, 7, 4, 1, 1), open_in_time_count=99)
    book = opened(form_workbook(make(form=[broken]), layout), values=True)
    found = cells(book["II.06a"])
    told = [value for value in found.values() if str(value).startswith("SAI")]
    assert told == ["SAI 3 dòng"]  # the field, its level, the total
    assert found["A5"] == "SỐ LIỆU KHÔNG KHỚP: XEM DÒNG KIỂM TRA"
    assert len(book["II.06a"].conditional_formatting) == 1


def test_a_level_that_the_layout_does_not_know_is_not_lost(make: Make, layout: Layout) -> None:
    with pytest.raises(NotConfigured, match=r"letterhead.yaml of the authority names no level ward in form_levels; its rows would be lost"):
        form_workbook(make(form=[form_row("ward", "Hộ tịch", 1, 1, 1, 1, 1, 0, 0)]), layout)


@pytest.mark.parametrize("words", ["Đúng & đủ", '"Đúng" <đủ>', "Đúng{tab}"])
def test_any_wording_makes_a_file_that_opens(words: str, make: Make, layout: Layout, tmp_path: Path) -> None:
    shutil.copytree(layout.folder, tmp_path / "v2022-01-01")
    path = tmp_path / "v2022-01-01" / "form_06a.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("check_ok: Đúng", f"check_ok: '{words}'"), encoding="utf-8")
    found = cells(opened(form_workbook(make(), Layout(path.parent)), values=True)["II.06a"])
    assert [value for value in found.values() if value == words] == [words] * 4
    assert found.get("A5") in (None, "")


def test_one_sheet_a_unit_on_request(make: Make, layout: Layout) -> None:
    book = opened(form_workbook(make(unit_forms=[(OFFICE, [form_row("district", "Hộ tịch", 1, 2, 3, 1, 1, 0, 0)]), (COMMUNE, [])]), layout))
    assert book.sheetnames == ["II.06a", "H19.16.3 Phòng Tư pháp", "H19.16.21 Thị trấn Vĩnh An"]
    assert book.worksheets[1]["J1"].value == "Đơn vị báo cáo: Phòng Tư pháp"
    assert book.worksheets[2]["J2"].value == "Đơn vị nhận báo cáo: Ủy ban nhân dân huyện Vĩnh Cửu"
    assert book.worksheets[2]["C10"].value == 0  # no field: the total alone
    assert sheet_name(replace(OFFICE, name="A/B:[C]*? và một cái tên rất dài")) == "H19.16.3 A B  C    và một cái t"


def test_the_annex_keeps_the_order_of_the_plan_and_every_cell(make: Make, layout: Layout) -> None:
    sheet = opened(table_workbook(make(), layout, "plan_annex")).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=8)]
    assert [row[0] for row in rows if row[0]][:9] == [
        "1. Cải cách thể chế", "T01", "2. Cải cách thủ tục hành chính", "T04", "T20", "D01",
        "6. Xây dựng và phát triển chính quyền điện tử, chính quyền số", "T34", "7. Công tác chỉ đạo, điều hành thực hiện cải cách hành chính",
    ]  # fmt: skip
    by_number = {row[0]: row for row in rows}
    assert by_number["T20"][4:11] == ["≥\u00a096\u00a0%", 96.15, 94.92, "1.234/1.300", 14, "Chưa đạt", "Văn phòng HĐND-UBND"]
    assert by_number["T01"][5:10] == ["–", "–", None, "–", "Chưa có số liệu"]
    assert by_number["T38"][11] == "Phòng Nội vụ chưa gửi biểu tháng 12"
    assert by_number["D01"][4:8] == ["Cao hơn cùng kỳ năm 2022", 1042, 2499, "2.499"]
    assert by_number["T34"][11] == "Tạm tính"
    formats = {
        row[0].value: (row[5].number_format, row[9].font.color.rgb if row[9].font.color else None) for row in sheet.iter_rows(min_row=8)
    }
    assert formats["T20"] == ('[$-42A]#,##0.00" %"', "FFC00000")
    assert formats["D01"][0] == "[$-42A]#,##0"


def test_late_dossiers_name_the_missing_apologies(make: Make, layout: Layout) -> None:
    book = opened(table_workbook(make(), layout, "late"))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=8, max_row=12)]
    assert rows[0][0] == "Phòng Tư pháp"
    assert rows[1][:2] == [1, "H19.16.3-231201-0001"] and rows[1][9] == "Chưa gửi"
    assert rows[3][9] == "Đã gửi (1)"
    assert rows[4][5] == "–" and rows[4][8] == "Đang giải quyết"
    assert book.worksheets[0]["D9"].value.date() == date(2023, 12, 1) and book.worksheets[0]["D9"].number_format == "dd/mm/yyyy"
    totals = [cell.value for cell in next(book["Tong hop"].iter_rows(min_row=10, max_row=10))]
    assert totals == ["Tổng cộng", 2, 1, 3, 2]


def test_nothing_late_is_said_in_words(make: Make, layout: Layout) -> None:
    book = opened(table_workbook(make(late=[]), layout, "late"))
    assert book.sheetnames == ["Ho so qua han"]
    assert book.active["A8"].value == "Trong kỳ không có hồ sơ quá hạn."


def test_a_name_never_becomes_a_formula(make: Make, layout: Layout) -> None:
    content: Content = make(
        late=[late_row(OFFICE, 1, procedure_name='=HYPERLINK("http://x","y")')], form=[form_row("district", "x", 1, 1, 1, 1, 1, 0, 0)]
    )
    content = replace(content, form=[replace(content.form[0], field_name="=1+1")])
    assert opened(table_workbook(content, layout, "late")).worksheets[0]["C9"].data_type == "s"
    sheet = opened(form_workbook(content, layout))["II.06a"]
    assert (sheet["B11"].value, sheet["B11"].data_type) == ("=1+1", "s")


def test_ranking_shares_places_and_goes_by_points_where_there_are_any() -> None:
    units = [
        unit_row(replace(COMMUNE, unit_code=f"U{n}"), met, judged) for n, (met, judged) in enumerate([(9, 10), (10, 10), (9, 10), (0, 0)])
    ]
    assert [(row.unit_code, row.rank) for row in rank(units, {})] == [("U1", 1), ("U0", 2), ("U2", 2), ("U3", 4)]
    scores = {f"U{n}": Score(f"U{n}", Decimal(points), Decimal(80)) for n, points in enumerate([70, 60, 50])}
    ranked = rank(units, scores)
    assert [(row.unit_code, row.rank, row.points) for row in ranked] == [
        ("U0", 1, Decimal(70)), ("U1", 2, Decimal(60)), ("U2", 3, Decimal(50)), ("U3", 4, None),
    ]  # fmt: skip
