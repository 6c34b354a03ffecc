"""The blank workbook of a unit and month: it lists what the unit has to declare, and it checks the cells while they are filled in.

The intake reads the sheet `SoLieu`, whose header row is fixed. The sheet `DanhMuc` explains each code, and `HuongDan` says how to fill the
workbook in, for which unit and which month. The workbook has no secrets: its protection has no password and only prevents mistakes.
"""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation

from cchc.declared.intake import COLUMNS, GUIDE, LARGEST, MONTH, SHEET, UNIT
from cchc.period import add_months
from cchc.reference.catalogue import catalogue
from cchc.reference.duties import Duty, Unit, duties
from cchc.reference.plan import place, plan_on
from cchc.settings import Settings
from cchc.warehouse import engine, query

CATALOGUE = "DanhMuc"
SPARE_ROWS = 20
WIDTHS = {"A": 42, "B": 14, "C": 14, "D": 22, "E": 14, "F": 24, "G": 24, "H": 14, "I": 40}
RED, YELLOW, GREEN = (PatternFill("solid", bgColor=color) for color in ("FFF4B6B6", "FFFFF2CC", "FFD9EAD3"))
HEAD = PatternFill("solid", fgColor="FF1F4E78")
LINE = Side("thin", color="FFBFBFBF")
BORDER = Border(LINE, LINE, LINE, LINE)
FORM_VI = {"rate": "tỷ lệ: TuSo trên MauSo", "count": "số đếm: chỉ TuSo, MauSo để trống", "score": "điểm: TuSo = điểm × 100, MauSo = 100"}


def file_name(unit: str, month: date) -> str:
    """The file name that the contract requires."""
    return f"tukhai_{unit}_{month:%Y-%m}.xlsx"


def template(settings: Settings, unit: Unit, month: date) -> bytes:
    """The blank workbook. The figures of the month before are shown beside each indicator if they are known."""
    mine = [duty for duty in duties(settings, month).of(unit.code).values() if duty.is_asked]
    required = [duty for duty in mine if duty.is_required]
    meanings = _meanings(settings, unit, month)
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(SHEET)
    listing = book.create_sheet(CATALOGUE)
    _catalogue(listing, [*required, *(duty for duty in mine if not duty.is_required)], meanings, _last_month(settings, unit, month), month)
    _figures(sheet, required, meanings, len(mine), month)
    _guide(book.create_sheet(GUIDE), unit, month, len(required))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _meanings(settings: Settings, unit: Unit, month: date) -> dict[str, dict[str, str]]:
    """For each indicator of the month's plan: name, clause, target, lead agency and what is counted, as a person at the unit reads them."""
    known, meanings = catalogue(settings), {}
    plan = plan_on(settings, month)
    holds = place([plan.years], month).holds
    for target in plan.rows:
        code = target["indicator_code"]
        if target["level"] not in ("all", unit.level):
            continue
        item = known.get(code)
        asked = f"{target['operator']} {target['target'] * 100:.0f} %" if target["target"] is not None else target["operator_text"]
        meanings[code] = {
            "name": item.name_vi if item else target["clause_vi"],
            "clause": f"{target['target_no']} (mục {target['section']}): {target['clause_vi']}",
            "target": asked if holds else "không có kế hoạch áp dụng",
            "lead": target["lead_agency"],
            "numerator": item.numerator_vi if item else "",
            "denominator": item.denominator_vi if item else "",
        }
    return meanings


def _last_month(settings: Settings, unit: Unit, month: date) -> dict[str, tuple[int, int | None]]:
    with engine(settings).connect() as connection:
        rows = query(
            connection,
            "select indicator_code, numerator, denominator from core.declared_figure where unit_code = :u and month_start = :m",
            {"u": unit.code, "m": add_months(month, -1)},
        )
    return {row["indicator_code"]: (row["numerator"], row["denominator"]) for row in rows}


def _head(sheet: Any, words: tuple[str, ...]) -> None:
    sheet.append(words)
    for cell in sheet[1]:
        cell.font, cell.fill, cell.border = Font(name="Calibri", bold=True, color="FFFFFFFF"), HEAD, BORDER
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    sheet.freeze_panes = "A2"


def _catalogue(
    sheet: Any,
    mine: list[Duty],
    meanings: dict[str, dict[str, str]],
    last: dict[str, tuple[int, int | None]],
    month: date,
) -> None:
    """Write the sheet that explains each code. The validation rules of the figures' sheet look up its columns A and B."""
    before = add_months(month, -1)
    _head(
        sheet,
        ("Mã chỉ tiêu", "Dạng", "Tên chỉ tiêu", "Nội dung trong kế hoạch", "Mục tiêu", "Cơ quan chủ trì", "Tử số là", "Mẫu số là",
         f"TuSo {before:%m/%Y}", f"MauSo {before:%m/%Y}", "Bắt buộc", "Cách khai", "Vì sao đơn vị này khai"),
    )  # fmt: skip
    for duty in mine:
        meaning = meanings[duty.indicator_code]
        known = last.get(duty.indicator_code, (None, None))
        sheet.append(
            (duty.indicator_code, duty.form, meaning["name"], meaning["clause"], meaning["target"], meaning["lead"], meaning["numerator"],
             meaning["denominator"], *known, "có" if duty.is_required else "không", FORM_VI[duty.form], duty.reason)
        )  # fmt: skip
    for letter, width in zip("ABCDEFGHIJKLM", (42, 8, 46, 60, 14, 26, 40, 40, 14, 14, 10, 34, 50), strict=True):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment, cell.border = Alignment(vertical="top", wrap_text=True), BORDER
    sheet.protection.sheet = True
    _print(sheet)


def _figures(sheet: Any, required: list[Duty], meanings: dict[str, dict[str, str]], listed: int, month: date) -> None:
    _head(sheet, COLUMNS)
    last = 1 + len(required) + SPARE_ROWS
    for duty in required:
        sheet.append((duty.indicator_code,))
        meaning = meanings[duty.indicator_code]
        note = f"{meaning['name']}\n{meaning['clause']}\nMục tiêu: {meaning['target']}\n{FORM_VI[duty.form]}"
        sheet.cell(sheet.max_row, 1).comment = Comment(note, "CCHC", width=420, height=160)
    for letter, width in WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    is_prefilled = range(2, 2 + len(required))
    for number in range(2, last + 1):
        for letter in WIDTHS:
            cell = sheet[f"{letter}{number}"]
            cell.border = BORDER
            cell.protection = Protection(locked=letter == "A" and number in is_prefilled)
            if letter in "BC":
                cell.number_format = "#,##0"
            elif letter in "EH":
                cell.number_format = "dd/mm/yyyy"
    _rules(sheet, last, listed, month)
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    _print(sheet)


def _print(sheet: Any) -> None:
    """Print one page wide, with the first row on every page."""
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _rules(sheet: Any, last: int, listed: int, month: date) -> None:
    """Add the rules by which the workbook refuses wrong values, and the colours that show missing ones. The intake has the same rules."""
    form = f'IFERROR(VLOOKUP($A2,{CATALOGUE}!$A$2:$B${listed + 1},2,FALSE),"rate")'
    codes = DataValidation("list", formula1=f"{CATALOGUE}!$A$2:$A${listed + 1}", allow_blank=True)
    _say(codes, "Mã chỉ tiêu", "Chọn một mã trong danh sách; mỗi mã một dòng.")
    upper = DataValidation(
        "whole", operator="between", formula1="0", formula2=f'IF(OR($C2="",{form}<>"rate"),{LARGEST - 1},$C2)', allow_blank=True
    )
    _say(upper, "TuSo", "Số nguyên từ 0; với tỷ lệ không được lớn hơn MauSo.")
    most = f'IF({form}="score",100,IF({form}="count",99,{LARGEST - 1}))'
    lower = DataValidation("whole", operator="between", formula1=f'IF({form}="rate",N($B2),100)', formula2=most, allow_blank=True)
    _say(lower, "MauSo", "Số nguyên không nhỏ hơn TuSo; số đếm thì để trống; điểm thì bằng 100.")
    dates = DataValidation(
        "date", operator="between", formula1="DATE(2000,1,1)", formula2=f"DATE({month.year + 1},12,31)", allow_blank=True
    )
    _say(dates, "Ngày", "Ngày theo dạng dd/mm/yyyy.")
    for rule, letters in ((codes, "A"), (upper, "B"), (lower, "C"), (dates, "EH")):
        for letter in letters:
            rule.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(rule)
    wrong = f'AND($A2<>"",{form}="rate",$B2<>"",OR($C2="",$B2>$C2))'
    twice = f'AND($A2<>"",COUNTIF($A$2:$A${last},$A2)>1)'
    for area, formula, fill in (
        (f"B2:C{last}", wrong, RED),
        (f"A2:A{last}", twice, RED),
        (f"G2:G{last}", 'AND($B2<>"",$G2="")', YELLOW),
        (f"B2:B{last}", 'AND($A2<>"",$B2="")', YELLOW),
        (f"A2:A{last}", 'AND($B2<>"",$G2<>"")', GREEN),
    ):
        sheet.conditional_formatting.add(area, FormulaRule(formula=[formula], fill=fill, stopIfTrue=fill is RED))


def _say(rule: DataValidation, title: str, words: str) -> None:
    rule.promptTitle, rule.prompt, rule.errorTitle, rule.error = title, words, title, words
    rule.showInputMessage = rule.showErrorMessage = True
    rule.errorStyle = "stop"


def _guide(sheet: Any, unit: Unit, month: date, required: int) -> None:
    lines: list[tuple[str, str]] = [
        ("Biểu số liệu tự khai cải cách hành chính", ""),
        (UNIT, unit.code),
        ("Tên đơn vị", unit.name),
        (MONTH, f"{month:%Y-%m}"),
        ("Số chỉ tiêu phải khai", str(required)),
        ("", ""),
        ("Kỳ số liệu", "Số liệu là tình hình lũy kế từ ngày 01/01 đến hết tháng nêu trên; không cộng dồn giữa các tháng."),
        ("MaChiTieu", "Đã điền sẵn. Có thể thêm chỉ tiêu khác trong sheet DanhMuc ở các dòng trống để đối chiếu với số hệ thống tính."),
        ("TuSo, MauSo", "Số nguyên không âm, không nhập công thức. Tỷ lệ: đủ cả hai, TuSo ≤ MauSo. Số đếm: để trống MauSo."),
        ("Điểm", "Chỉ số CCHC: TuSo là số điểm nhân 100 (85,42 điểm thì nhập 8542), MauSo là 100."),
        ("CanCu, NgayCanCu", "Số, ký hiệu và ngày của văn bản chứng minh, ví dụ 12/QĐ-UBND; được đối chiếu với hệ thống văn bản."),
        ("NguoiDuyet, NgayDuyet", "Chưa có người duyệt thì số liệu là tạm tính. Tên người không được lưu trong kho dữ liệu."),
        ("Không có số liệu", "Để trống cả dòng. Tệp không có số nào bị từ chối."),
        ("Không làm", "Không đổi tên sheet, dòng tiêu đề, không gộp ô, không ẩn dòng hay cột: tệp sẽ bị từ chối và nêu rõ ô sai."),
        ("Nộp", f"Giữ tên tệp {file_name(unit.code, month)}. Gửi lại tệp cùng tên thì tệp sau thay thế toàn bộ tệp trước."),
        ("Màu", "Đỏ: sai. Vàng: còn thiếu. Xanh: đã đủ và đã duyệt."),
    ]  # fmt: skip
    for line in lines:
        sheet.append(line)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 28, 110
    for row in sheet.iter_rows():
        row[0].font, row[1].alignment = Font(name="Calibri", bold=True), Alignment(wrap_text=True, vertical="top")
    sheet["A1"].font = Font(name="Calibri", bold=True, size=14)
    sheet.protection.sheet = True
    _print(sheet)
