"""Reports as people write them with a spreadsheet program: made up, for docs/examples/table_files.yaml and profiles like it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from cchc.settings import PROJECT
from cchc.sources.profile import Profile, read_profile

EXAMPLE = PROJECT / "docs" / "examples" / "table_files.yaml"
UPPER: list[Any] = ["STT", "Mã hồ sơ", "Đơn vị", "Thời gian", None, None, "Hình thức"]
LOWER: list[Any] = [None, None, None, "Tiếp\nnhận", "Hẹn trả", "Trả kết quả", None]
MERGED = ("A4:A5", "B4:B5", "C4:C5", "D4:F4", "G4:G5")


def case(number: int, code: str, unit: str = "Phòng Ví dụ", done: Any = "05/01/2023", how: str | None = None) -> list[Any]:
    """A row of the report: a dossier of January 2023, due on the 10th."""
    return [number, code, unit, datetime(2023, 1, 3, 8, 30), "10/01/2023", done, how]


CASES = [case(1, "BB-1"), case(2, "BB-2", done="12/01/2023", how="Trực tuyến"), case(3, "BB-3", "Phòng Mẫu", done=None)]


def write(sheet: Worksheet, rows: Sequence[Sequence[Any]], *, total: bool = True) -> None:
    """Write the report of these rows into a sheet: two title lines, an empty row, the header, the table, the total, the signature block."""
    sheet.append([None, "ỦY BAN NHÂN DÂN XÃ VÍ DỤ"])
    sheet.append([None, "BÁO CÁO TIẾP NHẬN VÀ TRẢ KẾT QUẢ THÁNG 01/2023"])
    sheet.merge_cells("B2:G2")
    sheet.append([])
    for row in (UPPER, LOWER, [f"({number})" for number in range(1, 8)], *rows):
        sheet.append(list(row))
    for cells in MERGED:
        sheet.merge_cells(cells)
    if total:
        sheet.append(["Tổng cộng", None, None, None, None, len(rows)])
    sheet.append([])
    sheet.append([None, "Người lập biểu", None, None, "CHỦ TỊCH"])
    sheet.append([None, "Nguyễn Văn Mẫu", None, None, "Trần Thị Mẫu"])


def report(*rows: Sequence[Any], total: bool = True, second: Callable[[Worksheet], None] | None = None) -> Workbook:
    """A workbook with the report in its first sheet; `second` writes a second one, `Danh mục`."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Tháng 1"
    write(sheet, rows or CASES, total=total)
    if second is not None:
        second(book.create_sheet("Danh mục"))
    return book


def profile_with(folder: Path, change: Callable[[dict[str, Any]], object]) -> Profile:
    """The profile of the example after a change of its entity, written to a file and read like any other."""
    data = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    change(data["entities"]["dossiers"])
    path = folder / EXAMPLE.name
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return read_profile(path)
