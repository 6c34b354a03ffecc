"""The reform report: its outline for each kind of period, its sentences, its form."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.shared import Mm, Pt

from cchc.errors import NotConfigured
from cchc.reports.content import Content
from cchc.reports.document import report_document
from cchc.reports.layout import Layout
from cchc.reports.narrative import Block, blocks, open_places, parse
from cchc.reports.tables import Tables
from tests.reports.conftest import COMMUNE, OFFICE, Make, plan_row

SIX = [
    "1. Cải cách thể chế", "2. Cải cách thủ tục hành chính", "3. Cải cách tổ chức bộ máy hành chính nhà nước", "4. Cải cách chế độ công vụ",
    "5. Cải cách tài chính công", "6. Xây dựng và phát triển chính quyền điện tử, chính quyền số",
]  # fmt: skip


def opened(data: bytes) -> Any:
    return Document(io.BytesIO(data))


def text(data: bytes) -> str:
    """All that is written, tables included, without the glue of non-breaking spaces."""
    document = opened(data)
    parts = [node.text or "" for node in document.element.body.iter() if node.tag.endswith("}t")]
    return "".join(parts).replace("\u00a0", " ")


def sentences(content: Content, layout: Layout) -> list[str]:
    return [block.text for block in blocks(content, layout) if block.kind in ("item", "paragraph")]


@pytest.fixture(scope="module")
def report(make: Make, layout: Layout) -> bytes:
    return report_document(make(), layout)


@pytest.mark.parametrize(
    ("code", "title", "following", "proposes"),
    [
        ("2023-12", "tháng 12 năm 2023", "THÁNG 1 NĂM 2024", False),
        ("2023-12R", "tháng 12 năm 2023", "THÁNG 1 NĂM 2024", False),
        ("2023-Q4", "quý IV năm 2023", "QUÝ I NĂM 2024", False),
        ("2023-Q4R", "quý IV năm 2023", "QUÝ I NĂM 2024", False),
        ("2023-H1", "6 tháng đầu năm 2023", "6 THÁNG CUỐI NĂM 2023", True),
        ("2023-9M", "9 tháng năm 2023", "3 THÁNG CUỐI NĂM 2023", True),
        ("2023", "năm 2023", "NĂM 2024", True),
    ],
)
def test_the_outline_of_each_kind(code: str, title: str, following: str, proposes: bool, make: Make, layout: Layout) -> None:
    found = blocks(make(code), layout)
    first = [block.text for block in found if block.kind == "heading" and block.level == 1]
    is_month = "-12" in code
    if is_month:
        assert first.pop(0) == "TÓM TẮT"
    assert first[:4] == [
        "I. CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH CẢI CÁCH HÀNH CHÍNH", "II. KẾT QUẢ THỰC HIỆN CÔNG TÁC CẢI CÁCH HÀNH CHÍNH", "III. ĐÁNH GIÁ CHUNG",
        f"IV. PHƯƠNG HƯỚNG, NHIỆM VỤ TRỌNG TÂM {following}",
    ]  # fmt: skip
    assert first[4:] == (["V. KIẾN NGHỊ, ĐỀ XUẤT"] if proposes else [])
    second = [block.text for block in found if block.kind == "heading" and block.level == 2]
    assert second[3:9] == SIX
    assert sum(block.kind == "placeholder" for block in found) >= 11
    failed = ["Phụ lục II. CHỈ TIÊU CHƯA ĐẠT VÀ CƠ QUAN, ĐƠN VỊ LIÊN QUAN"] if is_month else []
    assert [block.text for block in found if block.kind in ("appendix", "sheet")] == [
        "Phụ lục I. KẾT QUẢ TẠI CÁC CƠ QUAN, ĐƠN VỊ", *failed, f"Phụ lục II{'I' if failed else ''}. KẾT QUẢ THỰC HIỆN CÁC CHỈ TIÊU KẾ HOẠCH",
        "Phiếu soạn thảo. NHỮNG CHỖ NGƯỜI SOẠN THẢO CẦN ĐIỀN (bỏ trang này trước khi trình ký)",
    ]  # fmt: skip
    assert f"cải cách hành chính {title} " in next(block.text for block in found if block.kind == "paragraph")


def test_sentences_compare_and_name_the_gap(make: Make, layout: Layout) -> None:
    said = sentences(make("2023-Q4"), layout)
    assert (
        "Tỷ lệ T20 (toàn huyện): lũy kế từ đầu năm đạt 94,92 % (1.234/1.300 hồ sơ); trong kỳ đạt 96,15 %, tăng 2,31 điểm % so với quý trước, "
        "giảm 0,85 điểm % so với cùng kỳ năm trước. Chỉ tiêu kế hoạch: ≥ 96 %; đánh giá: chưa đạt, còn thiếu 14 hồ sơ."
    ) in said
    assert (
        "Tỷ lệ D01 (toàn huyện): lũy kế từ đầu năm đạt 2.499; trong kỳ đạt 1.042, tăng 1.012 so với quý trước, không đổi so với cùng kỳ năm trước. "
        "Yêu cầu của kế hoạch: cao hơn cùng kỳ năm 2022; đánh giá: đạt."
    ) in said
    assert any(line.startswith("Tỷ lệ T34 (toàn huyện): lũy kế từ đầu năm đạt 94,92 %* (1.234/1.300 giao dịch)") for line in said)
    assert (
        "Chưa có số liệu của 1 chỉ tiêu (số T01 trong Phụ lục kết quả thực hiện các chỉ tiêu kế hoạch), đề nghị Phòng Tư pháp cung cấp."
        in said
    )
    assert any("có 2.815 hồ sơ phải giải quyết, gồm 2.730 hồ sơ tiếp nhận trong kỳ (trực tuyến 1.610 hồ sơ" in line for line in said)
    assert any("có 3 hồ sơ quá hạn (2 hồ sơ kết thúc quá hạn trong kỳ" in line and "2 hồ sơ chưa có thư xin lỗi" in line for line in said)
    assert "Văn phòng HĐND-UBND: chủ trì đôn đốc, khắc phục T20 – tỷ lệ T20, còn thiếu 14 hồ sơ." in said


def test_a_month_tells_what_is_missed_or_has_turned(make: Make, layout: Layout) -> None:
    plan = [
        plan_row("T04", "2.1", "procedure_publication_rate", "met", status_before="met"),
        plan_row("T20", "2.1", "dossier_on_time_rate", "missed", status_before="met"),
        plan_row("T22", "2.1", "feedback_on_time_rate", "missed", status_before="missed", last_period_value=Decimal("97.10")),
        plan_row("T18", "2.2", "ecertification_coverage_rate", "met", status_before="behind", level="commune", scope_code="level:commune"),
        plan_row("T38", "7.1", "reform_inspection_coverage_rate", "no_data", lead_agency="Phòng Đất"),
        plan_row("T39", "7.1", "reform_inspection_rate", "no_data", lead_agency="Phòng Xây"),
    ]
    content = make(plan=plan)
    found = blocks(content, layout)
    brief = found[: [block.kind for block in found].index("page")]
    assert [block.text for block in brief if block.kind == "point"] == [
        "Đạt 2/4 chỉ tiêu có số liệu (tính theo từng phạm vi): thủ tục hành chính 2/4. Mới đạt trong tháng: t18 (T18, cấp xã).",
        "Xấu đi, tháng trước còn đạt (1): t20 (T20) 94,92 %, giao ≥ 96 %.",
        "Chưa đạt và trong kỳ còn kém tháng trước (1): t22 (T22), giảm 0,95 điểm %.",
        "Hồ sơ: giải quyết 2.603, trong đó quá hạn 23; đang giải quyết 212, trong đó quá hạn 22.",
        "Đơn vị còn nhiều chỉ tiêu chưa đạt nhất: Thị trấn Vĩnh An (1).",
        "Cần chỉ đạo: 2 chỉ tiêu chưa có số liệu, yêu cầu cơ quan chủ trì cung cấp: Phòng Đất (T38); Phòng Xây (T39).",
        "Cần chỉ đạo: gửi thư xin lỗi còn thiếu của 2 hồ sơ quá hạn, giải quyết dứt điểm 1 hồ sơ đang quá hạn (theo danh sách hồ sơ quá hạn).",
    ]
    told = [block.text.partition(" (")[0] for block in found if block.kind == "item" and block.text.startswith("Tỷ lệ")]
    assert told == ["Tỷ lệ T20", "Tỷ lệ T22", "Tỷ lệ T18"]  # T04 is met as before
    (task,) = Tables(content, layout).fill("tasks").rows
    assert vars(task) == {
        "agency": "Văn phòng HĐND-UBND", "count": 2, "tasks": "t20 (T20: thiếu 14 hồ sơ); t22 (T22: thiếu 14 phản ánh, kiến nghị)",
    }  # fmt: skip


def test_less_is_better_where_the_plan_asks_for_less() -> None:
    wants_less = {"operator": "below 2022", "last_period_value": Decimal(90), "period_value": Decimal(95)}
    assert plan_row("D04", "5.1", "x", "missed", **wants_less).is_falling
    assert not plan_row("D04", "5.1", "x", "missed", **wants_less | {"period_value": Decimal(85)}).is_falling
    assert plan_row("D01", "5.1", "x", "missed", **wants_less | {"operator": "above 2022", "period_value": Decimal(85)}).is_falling
    assert plan_row("T01", "1.1", "x", "missed", status_before="no_data").turned == ""


def test_every_place_to_fill_in_is_listed(make: Make, layout: Layout) -> None:
    for code, unit in (("2023-12", None), ("2023-Q4", None), ("2023-12", OFFICE)):
        content = make(code, unit=unit)
        found = blocks(content, layout)
        places = open_places(found)
        assert len(places) == sum(block.kind in ("placeholder", "open") for block in found)
        assert (
            "II / 1. Cải cách thể chế",
            "Nêu kết quả xây dựng, rà soát văn bản quy phạm pháp luật, theo dõi thi hành pháp luật",
        ) in places
        assert (("Đầu văn bản", "Ký hiệu của cơ quan, đơn vị") in places) == (unit is OFFICE)
    table = opened(report_document(content, layout)).tables[-1]
    assert [[cell.text for cell in row.cells] for row in table.rows[1:]] == [[str(n), *place] for n, place in enumerate(places, start=1)]


def test_a_year_is_compared_once(make: Make, layout: Layout) -> None:
    said = next(line for line in sentences(make("2023"), layout) if line.startswith("Tỷ lệ T20"))
    assert "giảm 0,85 điểm % so với cùng kỳ năm trước" in said and "2,31" not in said


def test_missed_targets_name_their_units(make: Make, layout: Layout) -> None:
    found = text(report_document(make(), layout))
    assert "94,92 % / ≥ 96 %Thị trấn Vĩnh An" in found
    assert "Không có chỉ tiêu chưa đạt" in text(
        report_document(make(plan=[plan_row("T04", "2.1", "procedure_publication_rate", "met")]), layout)
    )


def test_decree_30_form(report: bytes) -> None:
    document = opened(report)
    page = document.sections[0]
    measures = [page.page_width, page.page_height, page.top_margin, page.bottom_margin, page.left_margin, page.right_margin]
    assert [round(value / Mm(1)) for value in measures] == [210, 297, 20, 20, 30, 15]
    assert document.styles["Normal"].font.name == "Times New Roman" and document.styles["Normal"].font.size.pt == 13
    sizes = {paragraph.style.font.size.pt for paragraph in document.paragraphs if len(paragraph.text) > 110}
    assert sizes == {13.0}
    head = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert head[0][0].split("\n")[:2] == ["ỦY BAN NHÂN DÂN", "HUYỆN VĨNH CỬU"]
    assert head[0][1].split("\n")[:2] == ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"]
    assert head[1] == ["Số: …/BC-UBND", "Vĩnh Cửu, ngày … tháng … năm 2024"]
    assert [paragraph.text for paragraph in document.paragraphs[:2]] == ["BÁO CÁO", "Công tác cải cách hành chính tháng 12 năm 2023"]
    whole = text(report)
    assert "Nơi nhận:- UBND tỉnh;" in whole and "TM. ỦY BAN NHÂN DÂNCHỦ TỊCH[Họ và tên]" in whole
    pictures = [node.get("descr") for node in document.element.body.iter() if node.tag.endswith("}docPr")]
    assert len(pictures) == 2 and all(words and "tháng 12" in words or "Xã" in words for words in pictures)


def test_a_number_never_breaks_in_its_cell(make: Make, layout: Layout) -> None:
    plan = [
        plan_row("T20", "2.1", "dossier_on_time_rate", "met", period_value=Decimal(100), is_provisional=True),
        plan_row("D04", "5.1", "direct_expense", "missed", indicator_kind="count", period_value=Decimal(491200000000)),
        plan_row("T21", "2.1", "x", "met", period_value=Decimal("98.38")),
    ]
    document = opened(report_document(make(plan=plan), layout))
    found = {cell.text: cell.paragraphs[0].runs[0].font.size for row in document.tables[-2].rows for cell in row.cells if cell.text}
    assert not [text for text in found if " %" in text and "“" not in text]  # a blank that does not break stands there
    assert found["100,00\N{NO-BREAK SPACE}%*"] is None and found["98,38\N{NO-BREAK SPACE}%"] is None  # they fit as they are
    assert 6 <= found["491.200.000.000"].pt < document.styles["Report Cell Narrow"].font.size.pt


def test_placeholders_are_marked(report: bytes) -> None:
    document = opened(report)
    marked = [run.text for paragraph in document.paragraphs for run in paragraph.runs if run.font.highlight_color is not None]
    assert len(marked) >= 11 and all(words.startswith("[") and words.endswith("]") for words in marked)


@pytest.mark.parametrize(
    ("unit", "agency", "sign", "place"),
    [(COMMUNE, "THỊ TRẤN VĨNH AN", "BC-UBND", "Vĩnh An"), (OFFICE, "PHÒNG TƯ PHÁP", "BC-[…]", "Vĩnh Cửu")],
)
def test_a_unit_reports_under_its_own_head(unit: Any, agency: str, sign: str, place: str, make: Make, layout: Layout) -> None:
    data = report_document(make(unit=unit, months=[]), layout)
    document = opened(data)
    head = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert agency in head[0][0]
    assert head[1] == [f"Số: …/{sign}", f"{place}, ngày … tháng … năm 2024"]
    assert "Phụ lụcKẾT QUẢ THỰC HIỆN" in text(data) and "Phụ lục I" not in text(data)


def test_values_cannot_make_headings_or_tables(make: Make, layout: Layout) -> None:
    names = ["# Một đề mục", "@table units", "[chỗ trống]", "- một dòng", "{{ 7 * 7 }}"]
    plan = [plan_row(f"T9{index}", "2.1", "x", "missed", name_vi=name) for index, name in enumerate(names)]
    usual, odd = blocks(make(plan=[replace(row, name_vi="tên") for row in plan]), layout), blocks(make(plan=plan), layout)
    assert [(block.kind, block.level) for block in odd] == [(block.kind, block.level) for block in usual]
    assert any("{{ 7 * 7 }} (toàn huyện)" in block.text for block in odd)


def test_the_template_language() -> None:
    assert parse("@open A | b\n# A\n\nmột\nhai\n- x\n- [y]\n\n[z]\n@table units | Bảng\n@page\n@chart on_time\n@appendix P. Q") == [
        Block("open", "A", caption="b"),
        Block("heading", "A", 1), Block("paragraph", "một hai"), Block("item", "x"), Block("placeholder", "[y]"), Block("placeholder", "[z]"),
        Block("table", "units", caption="Bảng"), Block("page", ""), Block("chart", "on_time"), Block("appendix", "P. Q"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "old", "new", "said"),
    [
        ("2023-Q4", "@chart on_time", "@chart on_tiem", "no chart 'on_tiem'; known are received"),
        ("2023-12", "@table failures", "@table failure", "no table 'failure'"),
        ("2023-Q4", "{{ next_period | upper }}", "{{ next_perod | upper }}", "report_long.j2, line"),
        ("2023-12", "- {{ row.name }}", "- {{ row.naem }}", "report_words.j2, line"),
        ("2023-Q4", "{% if kind in", "{% fi kind in", "report_long.j2, line"),
    ],
)
def test_a_wrong_template_is_named(code: str, old: str, new: str, said: str, make: Make, layout: Layout, tmp_path: Path) -> None:
    shutil.copytree(layout.folder, tmp_path / "v2022-01-01")
    path = next(path for path in sorted((tmp_path / "v2022-01-01").glob("report_*.j2")) if old in path.read_text(encoding="utf-8"))
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(NotConfigured, match=r"v2022-01-01/re[a-z_]+\.j2") as caught:
        blocks(make(code), Layout(tmp_path / "v2022-01-01"))
    assert said in str(caught.value)


def test_layouts_are_versions_by_date(tmp_path: Path) -> None:
    for name in ("v2022-01-01", "v2025-07-01"):
        (tmp_path / name).mkdir()
    chosen = [Layout.of(tmp_path, day).folder.name for day in map(date.fromisoformat, ["2021-12-31", "2025-06-30", "2025-07-31"])]
    assert chosen == ["v2022-01-01", "v2022-01-01", "v2025-07-01"]
    with pytest.raises(NotConfigured, match="no layouts in"):
        Layout.of(tmp_path / "nothing", date(2023, 1, 1))
    with pytest.raises(NotConfigured, match=r"the layout v2022-01-01 lacks tables.yaml"):
        _ = Layout(tmp_path / "v2022-01-01").tables


def test_the_office_changes_the_paper_in_word(make: Make, layout: Layout, tmp_path: Path) -> None:
    copy = Layout(Path(shutil.copytree(layout.folder, tmp_path / "v2022-01-01")))
    template = Document(str(copy.folder / "report.docx"))
    template.styles["Report Text"].font.size = Pt(14)
    template.sections[0].left_margin = Mm(40)
    next(paragraph for paragraph in template.paragraphs if paragraph.text == "BÁO CÁO").text = "BÁO CÁO {{ period }} & hơn"
    template.save(str(copy.folder / "report.docx"))
    document = opened(report_document(make(), copy))
    assert document.styles["Report Text"].font.size.pt == 14 and round(document.sections[0].left_margin / Mm(1)) == 40
    assert document.paragraphs[0].text == "BÁO CÁO tháng 12 năm 2023 & hơn"
    widths = [sum(cell.width for cell in table.rows[0].cells) / Mm(1) for table in document.tables[1:3]]
    assert all(154 < width < 156 for width in widths)  # tables are as wide as the narrower page


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@body", "@bodi", "it needs one paragraph @body, and has 0"),
        ("Công tác cải cách hành chính {{ period }}", "{{ perod }}", "'perod' is undefined"),
    ],
)
def test_a_wrong_word_template_is_named(old: str, new: str, said: str, make: Make, layout: Layout, tmp_path: Path) -> None:
    copy = Layout(Path(shutil.copytree(layout.folder, tmp_path / "v2022-01-01")))
    template = Document(str(copy.folder / "report.docx"))
    next(paragraph for paragraph in template.paragraphs if paragraph.text == old).text = new
    template.save(str(copy.folder / "report.docx"))
    with pytest.raises(NotConfigured, match="v2022-01-01/report.docx") as caught:
        report_document(make(), copy)
    assert said in str(caught.value)


def test_a_report_without_appendices_ends_with_its_signature(make: Make, layout: Layout, tmp_path: Path) -> None:
    copy = Layout(Path(shutil.copytree(layout.folder, tmp_path / "v2022-01-01")))
    (copy.folder / "report_annexes.j2").write_text("", encoding="utf-8")
    document = opened(report_document(make(), copy))
    assert [round(section.page_width / Mm(1)) for section in document.sections] == [210]
    assert "Phụ lục" not in document.paragraphs[-1].text
