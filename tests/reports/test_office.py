"""The files in a real office program: LibreOffice opens them, recalculates, prints. Skipped where it is not installed."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PIL import Image, ImageStat

from cchc.reports.content import Content
from cchc.reports.document import report_document
from cchc.reports.layout import Layout
from cchc.reports.workbook import form_workbook, table_workbook
from tests.reports.conftest import COMMUNE, OFFICE, Make, form_row, plan_row

pytestmark = pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftoppm")),
    reason="soffice or pdftoppm is missing (libreoffice-calc, libreoffice-writer, poppler-utils)",
)
ERRORS = re.compile(r"#(REF|NAME|VALUE|DIV/0|N/A|NUM|NULL)|Err:\d+")

Convert = Callable[[dict[str, bytes], str], list[Path]]


@pytest.fixture(scope="module")
def convert(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """A function: files by name into another form by LibreOffice, with a profile of its own."""
    profile = tmp_path_factory.mktemp("profile")

    def run(files: dict[str, bytes], form: str) -> list[Path]:
        folder = tmp_path_factory.mktemp("office")
        (folder / "out").mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        command = [
            "soffice",
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            form,
            "--outdir",
            str(folder / "out"),
        ]
        done = subprocess.run([*command, *(str(folder / name) for name in files)], capture_output=True, text=True, check=False, timeout=240)
        made = [(folder / "out" / name).with_suffix(f".{form}") for name in files]
        assert all(path.exists() for path in made), f"{done.stdout}\n{done.stderr}"
        return made

    return run


def without_values(data: bytes) -> bytes:
    """The workbook as one that was never calculated: only the formulas."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            new.writestr(item, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", old.read(item)))
    return out.getvalue()


def values(data: bytes) -> dict[str, dict[str, Any]]:
    book = load_workbook(io.BytesIO(data), data_only=True)
    return {sheet.title: {c.coordinate: c.value for row in sheet.iter_rows() for c in row if c.value not in (None, "")} for sheet in book}


def tampered(data: bytes, address: str, value: int) -> bytes:
    book = load_workbook(io.BytesIO(data))
    book["II.06a"][address] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_formulas_give_the_stored_values_and_see_a_changed_number(make: Make, layout: Layout, convert: Convert) -> None:
    units = [(OFFICE, [form_row("district", "Hộ tịch", 1, 2, 3, 1, 1, 0, 0)]), (COMMUNE, [])]
    data = form_workbook(make(unit_forms=units), layout)
    broken = {f"broken{index}.xlsx": tampered(data, address, 1) for index, address in enumerate(["D11", "H14", "M12", "K11"])}
    right, *wrong = [path.read_bytes() for path in convert({"form.xlsx": without_values(data)} | broken, "xlsx")]
    stored, calculated = values(data), values(right)
    assert calculated == stored
    assert len(stored) == 3 and [value for value in stored["II.06a"].values() if value == "Đúng"] == ["Đúng"] * 4
    told = []
    for found in map(values, wrong):
        checks = [str(value) for address, value in sorted(found["II.06a"].items()) if str(value) == "Đúng" or str(value).startswith("SAI")]
        assert found["II.06a"]["A5"] == "SỐ LIỆU KHÔNG KHỚP: XEM DÒNG KIỂM TRA"
        told.append([words == "Đúng" for words in checks])
    assert told == [[False, True, True, True], [True, False, True, True], [True, True, False, True], [True, True, False, False]]
    for sheet in (*calculated.values(), *(rows for found in wrong for rows in values(found).values())):
        assert not [value for value in sheet.values() if ERRORS.search(str(value))]


def whole_district(make: Make, failed: int) -> Content:
    """A month of the district's size: 51 cells of the plan, 25 fields; so many targets are missed, in four agencies."""
    name = "Tỷ lệ thủ tục có quy trình điện tử được cập nhật kịp thời"  # of a usual length in the plan
    agencies = ["Phòng Nội vụ", "Phòng Tư pháp", "Phòng Văn hóa và Thông tin", "Văn phòng HĐND-UBND"]
    plan = [
        plan_row(f"T{number:02d}", f"{1 + number % 7}.1", "dossier_on_time_rate", "missed" if number < failed else "met", name_vi=name,
                 lead_agency=agencies[number % 4], status_before="missed" if number < failed and number % 6 else "met")
        for number in range(51)
    ]  # fmt: skip
    form = [form_row(level, f"{number}", 120, 80, 30, 90, 60, 4, 3) for level in ("district", "commune") for number in range(12)]
    return make(plan=plan, form=form)


def test_every_paper_prints(make: Make, layout: Layout, convert: Convert) -> None:
    content = make()
    files = {
        "form.xlsx": form_workbook(content, layout),
        "annex.xlsx": table_workbook(content, layout, "plan_annex"),
        "late.xlsx": table_workbook(content, layout, "late"),
        "due.xlsx": table_workbook(content, layout, "due"),
        "ranking.xlsx": table_workbook(content, layout, "ranking"),
        "report.docx": report_document(content, layout),
        "bad_month.docx": report_document(whole_district(make, failed=19), layout),
        "worst_month.docx": report_document(whole_district(make, failed=51), layout),
    }
    # Debian 12: fonts-liberation2; its fonts-liberation has no Vietnamese, and letters of another face stand in
    serif = subprocess.run(["fc-list", ":lang=vi", "family"], capture_output=True, text=True, check=True).stdout
    has_times = any(name in serif for name in ("Liberation Serif", "Times New Roman", "Tinos"))
    said = {}
    for path in convert(files, "pdf"):
        said[path.stem] = subprocess.run(
            ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
        ).stdout.replace("\u00a0", " ")
        fonts = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
        assert fonts and all(" yes " in line for line in fonts), fonts  # embedded
        if has_times:  # every letter from one face: none was missing
            assert all(re.search(r"\+(Liberation|Times|Tinos)", line) for line in fonts), fonts
        subprocess.run(["pdftoppm", "-r", "40", "-png", str(path), str(path.with_suffix(""))], check=True)
        pages = sorted(path.parent.glob(f"{path.stem}-*.png"))
        assert pages
        for page in pages:
            with Image.open(page) as picture:
                assert ImageStat.Stat(picture.convert("L")).extrema[0] != (255, 255), f"{page.name} is empty"
                if not (path.stem == "report" or path.stem.endswith("month")):
                    assert picture.width > picture.height
        assert not ERRORS.search(said[path.stem])
    for name in ("report", "bad_month", "worst_month"):
        # a leader reads the first page, and the report before its annexes has at most eight
        pages_of = said[name].split("\f")
        body = next(number for number, page in enumerate(pages_of) if "Phụ lục I\n" in page)
        assert 2 <= body <= 8, name
        brief = next(number for number, page in enumerate(pages_of) if "I. CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH" in page)
        assert brief == 1 or (name == "worst_month" and brief == 2), name
    assert "TÓM TẮT" in said["bad_month"].split("\f")[0] and "Ai phải khắc phục việc gì" in said["bad_month"].split("\f")[0]
    assert "Biểu số II.06a/VPCP/KSTT" in said["form"] and "2.815" in said["form"] and "Kiểm tra" not in said["form"]
    assert len(said["form"].strip("\f").split("\f")) == 1
    assert "94,92 %" in said["annex"] and "1.042" in said["annex"]
    assert "08/12/2023" in said["late"] and "Chưa gửi" in said["late"]
    assert "Hẹn trả ngày 02/01/2024" in said["due"] and "98,50 %" in said["ranking"]
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in said["report"] and "Biểu đồ 1. Số hồ sơ tiếp nhận theo tháng, năm 2023" in said["report"]
