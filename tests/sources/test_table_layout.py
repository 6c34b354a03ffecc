"""Tables that stand in a file with more around them: title lines, headers over several rows, an end, sheets, separators."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from cchc.errors import NotConfigured
from cchc.sources.header import joined
from cchc.sources.vietnamese_letters import encode
from tests.sources.conftest import records, rows
from tests.sources.table_reading import Read, blocked, codes, with_layout
from tests.support.files import bytes_of
from tests.support.table_reports import CASES, profile_with, report, write


def test_a_report_with_titles_two_header_rows_total_and_signatures(read: Read) -> None:
    load = read(bytes_of(report(*CASES[:2], ["Cộng 2 hồ sơ"], [], CASES[2], second=lambda sheet: sheet.append(["một"]))))
    assert [line[0] for line in rows(load)] == [7, 8, 11]
    assert records(load)[1] == {
        "Mã hồ sơ": "BB-2",
        "Đơn vị": "Phòng Ví dụ",
        "Thời gian / Tiếp nhận": "03/01/2023 08:30",
        "Thời gian / Hẹn trả": "10/01/2023",
        "Thời gian / Trả kết quả": "12/01/2023",
        "Hình thức": "Trực tuyến",
    }
    left: dict[str, Any] = {
        "before_header": 2,
        "below_header": 1,
        "empty": 3,
        "not_records": 1,
        "below_end": 3,
        "end_row": 12,
        "sheets": [2],
    }
    assert load.manifest["left_alone"] == left
    assert sum(left[kind] for kind in ("before_header", "below_header", "empty", "not_records", "below_end")) + 2 + 3 == 15, "every row"
    assert load.manifest["other_sheets"] == 1


def test_the_header_by_its_row(read: Read) -> None:
    assert codes(read(bytes_of(report()), with_layout(header_row=4))) == ["BB-1", "BB-2", "BB-3"]
    told = blocked(read(bytes_of(report()), with_layout(header_row=2)))
    assert "row 2 is no header (7 cells, which are not repeated here): it lacks 6 of the 6 columns" in told
    assert "row 40: there is no header. No file of dossiers has been loaded yet: look at entities.dossiers.layout.header_row" in blocked(
        read(bytes_of(report()), with_layout(header_row=40))
    )


def test_a_header_that_no_row_has_is_told_by_the_nearest_one(read: Read) -> None:
    def renames(entity: dict[str, Any]) -> None:
        entity["columns"]["due_at"]["from"] = "Thời gian / Hạn trả"

    told = blocked(read(bytes_of(report()), renames))
    assert "row 4 (of the first 50 rows the one most like a header): the header lacks 1 of the 6 columns that the profile uses" in told
    assert "Nearest in name: Thời gian / Hạn trả → Thời gian / Hẹn trả" in told


def test_a_record_is_not_taken_for_a_row_of_the_header(read: Read) -> None:
    """Its cells would be shown as names of columns."""
    text = f"{HEADER}Thời gian / Hẹn trả,Chủ hồ sơ\nBB-1,,,,,,Nguyễn Văn Mẫu\nBB-2,,,,,,\n"
    told = blocked(read(text.encode(), with_layout(below_header=None, end=None), "bao_cao_1.csv"))
    assert "the header lacks 1 of the 6 columns that the profile uses: Mã hồ sơ (dossier_code)" in told
    assert "Mẫu" not in told


def test_an_end_that_is_not_there_blocks_the_file(read: Read) -> None:
    assert "the end of the table is not found, so a part of it may be missing" in blocked(read(bytes_of(report(total=False))))
    load = read(bytes_of(report(total=False)), with_layout(end={"empty_key": True}))
    assert codes(load) == ["BB-1", "BB-2", "BB-3", "Người lập biểu", "Nguyễn Văn Mẫu"], "signatures stand in the column of the key"
    load = read(bytes_of(report(total=False)), with_layout(end={"empty_row": True}))
    assert (codes(load), load.manifest["left_alone"]["end_row"]) == (["BB-1", "BB-2", "BB-3"], 10)
    load = read(bytes_of(report()), with_layout(end={"empty_key": True}))
    assert (codes(load), load.manifest["left_alone"]["below_end"]) == (["BB-1", "BB-2", "BB-3"], 3)


def test_a_record_below_the_end_blocks_the_file(read: Read) -> None:
    book = bytes_of(report(CASES[0], [], CASES[1]))
    told = blocked(read(book, with_layout(end={"empty_row": True})))
    assert "row 9 looks like a record and stands below the end of the table (row 8), where nothing is read" in told
    assert "look at entities.dossiers.layout.end in the profile" in told
    assert codes(read(book, with_layout(end={"empty_row": True, "tables_below": True}))) == ["BB-1"]


def test_a_row_that_repeats_the_header_is_no_record(read: Read) -> None:
    again = [["STT", "Mã hồ sơ", "Đơn vị", "Thời gian", None, None, "Hình thức"], [None, None, None, "Tiếp nhận", "Hẹn trả", "Trả kết quả"]]
    load = read(bytes_of(report(CASES[0], *again, CASES[1])))
    assert (codes(load), load.manifest["left_alone"]["repeated_headers"]) == (["BB-1", "BB-2"], 2)
    near = ["STT", "BB-9", "Đơn vị", "Thời gian", None, None, "Hình thức"]
    assert codes(read(bytes_of(report(CASES[0], near)))) == ["BB-1", "BB-9"], "what is not the whole header is a record"


def test_several_sheets_are_read_in_order_and_the_others_are_named(read: Read) -> None:
    book = report(CASES[0], second=lambda sheet: sheet.append(["x"]))
    write(book.create_sheet("Tháng 2"), CASES[1:])
    load = read(bytes_of(book))
    assert [(line, record["Mã hồ sơ"]) for line, record, _ in rows(load)] == [
        (10_000_007, "BB-1"),
        (30_000_007, "BB-2"),
        (30_000_008, "BB-3"),
    ]
    assert load.manifest["left_alone"] | {"empty": 0} == {"before_header": 4, "below_header": 2, "empty": 0, "below_end": 6, "sheets": [2]}
    assert codes(read(bytes_of(book), with_layout(sheets=["Tháng 2"]))) == ["BB-2", "BB-3"]
    assert "none of its 3 sheets has a name like Quý *" in blocked(read(bytes_of(book), with_layout(sheets=["Quý *"])))
    book.create_sheet("Tháng 3").append(["x"])
    assert "sheet 4, line 1: there is no header" in blocked(read(bytes_of(book)))
    book.worksheets[3].append(["y"])
    assert "sheet 4, row 1 (of the first 50 rows the one most like a header) is no header" in blocked(read(bytes_of(book)))


def test_sheets_with_other_columns_do_not_fill_one_table(read: Read) -> None:
    def optional(entity: dict[str, Any]) -> None:
        entity["columns"]["channel_code"] |= {"optional": True, "reason": "not every office has it"}

    book = report(CASES[0])
    write(book.create_sheet("Tháng 2"), CASES[1:])
    assert len(codes(read(bytes_of(book), optional))) == 3
    book.worksheets[1]["G4"] = "Cách nộp"
    assert "sheets 1 and 2 do not both have Hình thức" in blocked(read(bytes_of(book), optional))


TITLES = 'Ủy ban nhân dân xã Ví dụ;;;\n"Báo cáo\ntháng 1; 2 và 3"\n\n'
BODY = "Mã hồ sơ;Thời gian;;;Đơn vị;Hình thức\n;Tiếp nhận;Hẹn trả;Trả kết quả;;\n1;2;3;4;5;6\n"
LINE = "{};03/01/2023;10/01/2023;;Phòng Mẫu;Trực tuyến\n"


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_a_text_file_with_titles_and_joined_names(read: Read, separator: str) -> None:
    text = BODY + LINE.format("BB-1") + ";;;\n" + LINE.format("BB-2") + "Tổng cộng;2\n\nNgười lập;\n"
    load = read((TITLES + text.replace(";", separator)).encode(), name="bao_cao_1.csv")
    assert [(line, record["Mã hồ sơ"]) for line, record, _ in rows(load)] == [(8, "BB-1"), (10, "BB-2")]
    assert records(load)[0]["Thời gian / Hẹn trả"] == "10/01/2023"
    assert load.manifest["left_alone"] == {"before_header": 2, "below_header": 1, "empty": 3, "below_end": 2, "end_row": 11}


@pytest.mark.parametrize("cut", [20, 60, 140, 180, 240])
def test_a_text_file_that_is_cut_off_waits(read: Read, cut: int) -> None:
    text = TITLES + BODY + LINE.format("BB-1") + LINE.format("BB-2") + "Tổng cộng;2\n"
    assert text[cut - 1] != "\n"
    load = read(text.encode()[: len(text[:cut].encode())], name="bao_cao_1.csv")
    assert (load.status, "no newline after its last line" in (load.message or "")) == ("waiting", True)


def test_a_text_file_that_is_cut_off_within_quotes_waits(read: Read) -> None:
    for text in (TITLES + BODY + LINE.format("BB-1") + 'BB-2;"03/01\n', TITLES + '"Mã hồ sơ;Thời gian\n'):
        load = read(text.encode(), name="bao_cao_1.csv")
        assert (load.status, "it ends within quotes" in (load.message or "")) == ("waiting", True)
    load = read((TITLES + BODY + LINE.format("BB-1") + 'Tổng cộng;1\n"Người lập\n"\n').encode(), name="bao_cao_1.csv")
    assert codes(load) == ["BB-1"], "a cell with a line break at its end is closed"


def test_a_last_line_may_lack_its_newline_where_the_profile_says_so(read: Read) -> None:
    text = TITLES + BODY + LINE.format("BB-1") + LINE.format("BB-2").rstrip()
    change = with_layout(open_end=True, end=None)
    assert codes(read(text.encode(), change, "bao_cao_1.csv")) == ["BB-1", "BB-2"]
    assert "no newline after its last line" in (read(text.encode(), with_layout(end=None), "bao_cao_1.csv").message or "")
    short = read(text[: -len("Phòng Mẫu;Trực tuyến")].encode(), change, "bao_cao_1.csv")
    assert (short.status, "its last line has neither a newline nor all of its cells" in (short.message or "")) == ("waiting", True)
    assert (nothing := read(b"", change, "bao_cao_1.csv")).status == "waiting"
    assert "it is empty" in (nothing.message or "")
    end = {"begins_with": ["Tổng cộng"]}
    load = read((text + "\nTổng cộng;2").encode(), with_layout(open_end=True, end=end), "bao_cao_1.csv")
    assert codes(load) == ["BB-1", "BB-2"], "below the end a row may have fewer cells"


def test_endings_in_capitals_are_read(read: Read) -> None:
    text = (TITLES + BODY + LINE.format("BB-1") + "Tổng cộng;1\n").encode()
    assert codes(read(text, name="bao_cao_1.CSV")) == ["BB-1"]
    assert codes(read(gzip.compress(text), name="bao_cao_1.Csv.GZ")) == ["BB-1"]
    assert codes(read(bytes_of(report()), name="bao_cao_1.XLSX")) == ["BB-1", "BB-2", "BB-3"]


def renamed(*names: str) -> Callable[[dict[str, Any]], None]:
    """A change of the profile: the end of the processing time has these names; the header is one row, without an end."""

    def change(entity: dict[str, Any]) -> None:
        with_layout(header_rows=None, below_header=None, end=None)(entity)
        entity["columns"]["due_at"]["from"] = list(names)

    return change


HEADER = "Mã hồ sơ,Đơn vị,Thời gian / Tiếp nhận,Thời gian / Trả kết quả,Hình thức,"


@pytest.mark.parametrize("plain", [False, True])
def test_a_column_has_another_name_in_another_year(read: Read, plain: bool) -> None:
    def change(entity: dict[str, Any]) -> None:
        renamed("Hẹn trả", "Hạn trả", "Ngày hẹn")(entity)
        if plain:
            del entity["layout"]

    row = "BB-1,Phòng Mẫu,03/01/2023,,,10/01/2023\n"
    for name in ("Hẹn trả", "Hạn trả", "Ngày hẹn"):
        load = read(f"{HEADER}{name}\n{row}".encode(), change, "bao_cao_1.csv")
        assert [record["Hẹn trả"] for record in records(load)] == ["10/01/2023"], "by the first name, whatever the file says"
        assert "Hẹn trả" in load.manifest["fields"]["present"]
    told = blocked(read(f"{HEADER}Hẹn trả,Ngày hẹn\n".encode(), change, "bao_cao_1.csv"))
    assert "the header has Hẹn trả and Ngày hẹn, which are names of one field by the profile" in told
    assert "look at entities.dossiers.columns.due_at in the profile" in told
    told = blocked(read(f"{HEADER}Hẹn\n{row}".encode(), change, "bao_cao_1.csv"))
    assert "lacks 1 of the 6 columns that the profile uses: Hẹn trả or Hạn trả or Ngày hẹn (due_at)" in told
    book = Workbook()
    for line in (f"{HEADER}Hạn trả", row.strip()):
        book.worksheets[0].append(line.split(","))
    book.worksheets[0].title = "Tháng 1"
    assert [record["Hẹn trả"] for record in records(read(bytes_of(book), change))] == ["10/01/2023"]


def test_a_record_of_ndjson_has_one_of_the_names(read: Read) -> None:
    def change(entity: dict[str, Any]) -> None:
        renamed("Hẹn trả", "Hạn trả")(entity)
        entity["file_pattern"] = "*.ndjson"

    lines = ['{"Mã hồ sơ": "1", "Hạn trả": "a"}', '{"Mã hồ sơ": "2", "Hẹn trả": "b"}', '{"Mã hồ sơ": "3", "Hẹn trả": "", "Hạn trả": "c"}']
    load = read(("\n".join(lines) + "\n").encode(), change, "x.ndjson")
    assert [record["Hẹn trả"] for record in records(load) if record] == ["a", "b"]
    assert rows(load)[2] == [3, None, "it has two names of one field (Hẹn trả)"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (renamed("Hẹn trả"), "'from' as a list has two or more different names of one field"),
        (renamed("Hẹn trả", "Hẹn trả"), "'from' as a list has two or more different names"),
        (renamed("Hẹn trả", "Đơn vị"), "'Đơn vị' is another name of 'Hẹn trả', and a field of its own in another place"),
        (renamed("Hẹn trả", "Mã hồ sơ"), "'Mã hồ sơ' is another name of 'Hẹn trả', and a field of its own"),
    ],
)
def test_names_that_cannot_be_meant_are_refused(tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        profile_with(tmp_path, change)


PLACES = {
    "Mã hồ sơ": [1, 6],
    "Đơn vị": [7, 18],
    "Thời gian / Tiếp nhận": [20, 29],
    "Thời gian / Hẹn trả": [30, 39],
    "Thời gian / Trả kết quả": [40, 49],
    "Hình thức": [50, 59],
}
FIXED = "BB-1  Phòng Mẫu    03/01/202310/01/2023          Trực tuyến"


def at_places(**keys: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the profile: columns at fixed places, without an end."""
    return with_layout(**{"fixed_width": PLACES, "header_rows": None, "end": None, "sheets": None, "not_records": None} | keys)


def test_columns_at_fixed_places(read: Read) -> None:
    lines = ["DANH SÁCH", FIXED, "", FIXED.replace("BB-1", "BB-2"), FIXED[:45], FIXED + " x", FIXED[:18] + "!" + FIXED[19:], "Cộng: 2"]
    load = read(("\n".join(lines) + "\n").encode(), at_places(end={"begins_with": ["Cộng"]}), "bao_cao_1.csv")
    assert records(load)[0] == {
        "Mã hồ sơ": "BB-1",
        "Đơn vị": "Phòng Mẫu",
        "Thời gian / Tiếp nhận": "03/01/2023",
        "Thời gian / Hẹn trả": "10/01/2023",
        "Thời gian / Trả kết quả": "",
        "Hình thức": "Trực tuyến",
    }
    assert [(line, record is not None) for line, record, _ in rows(load)] == [(2, True), (4, True), (5, False), (6, False), (7, False)]
    assert [problem for _, _, problem in rows(load)[2:]] == [f"{cells} cells where the header has 6" for cells in (4, 7, 7)]
    assert load.manifest["left_alone"] == {"below_header": 1, "empty": 1, "below_end": 1, "end_row": 8}


def test_lines_of_fixed_places_may_be_short_where_the_profile_says_so(read: Read) -> None:
    text = (FIXED[:39] + "\n" + FIXED).encode()
    change = at_places(below_header=None, short_lines=True, open_end=True)
    assert [record["Hình thức"] for record in records(read(text, change, "bao_cao_1.csv"))] == ["", "Trực tuyến"]
    load = read(FIXED[:39].encode(), at_places(below_header=None, open_end=True), "bao_cao_1.csv")
    assert (load.status, "neither a newline nor all of its cells" in (load.message or "")) == ("waiting", True)
    load = read(encode(FIXED + "\n", "tcvn3"), at_places(below_header=None, encodings=["utf-8", "tcvn3"]), "bao_cao_1.csv")
    assert records(load)[0]["Hình thức"] == "Trực tuyến"


def test_a_file_without_a_header(read: Read) -> None:
    names = ["Mã hồ sơ", "Thời gian / Tiếp nhận", "Thời gian / Hẹn trả", "Thời gian / Trả kết quả", "Đơn vị", "Hình thức"]
    change = with_layout(names=names, header_rows=None, below_header=None, end=None, sheets=None)
    load = read((LINE.format("BB-1") + LINE.format("BB-2") + "BB-3;x\n").encode(), change, "bao_cao_1.csv")
    assert codes(load) == ["BB-1", "BB-2"]
    assert rows(load)[2] == [3, None, "2 cells where the header has 6"]
    book = Workbook()
    book.worksheets[0].append(["BB-1", None, None, None, "Phòng Mẫu", "Trực tuyến"])
    book.worksheets[0].append(["BB-2", None, None, None, "Phòng Mẫu", "Trực tuyến", "too much"])
    load = read(bytes_of(book), change, "bao_cao_2.xlsx")
    assert rows(load)[1] == [2, None, "7 cells where the header has 6"]


@pytest.mark.parametrize("pattern", ["*.json", "a_*.{xml,xes}", "*.JSON.gz"])
def test_a_layout_of_documents_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(NotConfigured, match=r"dossiers.*'layout' says how a table stands in a file, and .* names documents alone"):
        profile_with(tmp_path, lambda entity: entity.update(file_pattern=pattern))
    assert profile_with(tmp_path, lambda entity: entity.update(file_pattern="*.{json,csv}")), "the tables among them have a layout"


def test_joined_names() -> None:
    assert joined([["a", "g", "", "", "z"], ["", "h", "", "k", ""], ["", "1", "2", "3", ""]]) == [
        "a", "g / h / 1", "g / h / 2", "g / k / 3", "z",
    ]  # fmt: skip
    assert joined([["a", "", ""], ["", "b", "c"]]) == ["a", "b", "c"], "a cell over nothing is no group"
    assert joined([["g", "", "n"], ["b", "c", "d"]], [((0, 2), (0, 2))]) == ["g / b", "c", "n / d"], "what is merged is known"


def printed(*, split: bool = False) -> bytes:
    """A report of a reporting program: cells of the header and of the records are merged over columns, for the width on paper."""
    names = ["Mã hồ sơ", None, "Thời gian / Tiếp nhận", "Thời gian / Hẹn trả", "Thời gian / Trả kết quả", "Đơn vị", "Hình thức"]
    book = Workbook()
    sheet = book.worksheets[0]
    for line in (["BÁO CÁO"], names, ["BB-1", None, "03/01/2023"], ["BB-2", "x" if split else None, "04/01/2023"]):
        sheet.append([*line, *[None] * (len(names) - len(line))])
    for row in (2, 3) if split else (2, 3, 4):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=2)
    return bytes_of(book)


def test_a_name_that_is_merged_over_columns_is_that_of_the_first(read: Read) -> None:
    change = with_layout(header_rows=None, below_header=None, end=None, sheets=None)
    load = read(printed(), change)
    assert (codes(load), load.manifest["left_alone"]["before_header"]) == (["BB-1", "BB-2"], 1)
    told = blocked(read(printed(split=True), change))
    assert "the cell Mã hồ sơ of the header is merged over several columns, and row 4 has a value in column 2 too" in told
    assert "layout.header_rows" in told


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"end": {"required": True}}, "'end' needs a rule that finds it"),
        ({"end": {"begins_with": [" "]}}, "'begins_with' has an empty text"),
        ({"names": ["a"]}, "'names' is for a file without a header"),
        ({"names": ["a", "a"], "header_rows": None}, "'names' has a name twice"),
        ({"header_rows": 9}, "'header_rows' must be at most 5"),
        ({"header": 3}, "unknown key 'header'"),
        ({"fixed_width": PLACES}, "do not go with 'fixed_width'"),
        ({"fixed_width": {"a": [1]}, "header_rows": None, "sheets": None}, r"'a' is \[first character, last character\], from 1"),
        ({"fixed_width": {"a": [0, 2]}, "header_rows": None, "sheets": None}, "'a' begins at 0, and the column before it ends at 0"),
        ({"fixed_width": {"a": [1, 4], "b": [4, 5]}, "header_rows": None, "sheets": None}, "'b' begins at 4, and the column before it"),
        ({"fixed_width": {"a": [1, 4]}, "header_rows": None, "sheets": None, "encodings": ["vni"]}, "vni may write a letter in two bytes"),
        ({"short_lines": True}, "'short_lines' goes with 'fixed_width'"),
    ],
)
def test_a_layout_that_cannot_be_meant_is_refused(tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        profile_with(tmp_path, with_layout(**keys))
