"""Workbooks of older and other programs (XLS, ODS) and Parquet files: the same rows as CSV, and what is damaged blocks itself alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile_types import Layout
from tests.sources.conftest import KEY, T, profile, records, rows

HERE = Path(__file__).parent
NAMES = ["IdKySo", "IdVanBan", "NguoiKyId", "ThoiDiemKy", "LoaiChungThu", "HopLe", "NgayCapNhat"]
SIGNED = [
    {
        "IdKySo": f"KS-{n}",
        "IdVanBan": f"VB-{n}",
        "NguoiKyId": f"N-{n % 5}",
        "ThoiDiemKy": f"2023-05-04T08:{n:02}:00",
        "LoaiChungThu": "usb_token" if n % 2 else "ca",
        "HopLe": 1,
        "NgayCapNhat": "2023-05-04T09:00:00",
    }
    for n in range(1, 41)
]
Read = Callable[[dict[str, bytes]], dict[str, Landed]]


@pytest.fixture
def read(tmp_path: Path, landing: str) -> Read:
    def run(files: dict[str, bytes], **changed: Any) -> dict[str, Landed]:
        inbox = tmp_path / "inbox"
        inbox.mkdir(exist_ok=True)
        for name, data in files.items():
            (inbox / name).write_bytes(data)
        documents = profile("documents")
        entity = replace(documents.entities["signatures"], file_pattern="signatures_*.{xls,ods,xlsx,parquet}", **changed)
        documents = replace(documents, entities={"signatures": entity})
        loads = extract(documents, Connection("documents", str(inbox)), Window(None, T), landing, extract_id=1, privacy_key=KEY)
        return {load.file_name or "": load for load in loads}

    return run


def written(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out, **options)
    return out.getvalue()


def signed(**changed: Any) -> pa.Table:
    """The made-up signatures as a table of Parquet; `changed`: columns in place of those, None: without it."""
    columns: dict[str, Any] = {name: [row[name] for row in SIGNED] for name in NAMES}
    columns["ThoiDiemKy"] = pa.array([datetime.fromisoformat(str(row["ThoiDiemKy"])) for row in SIGNED], pa.timestamp("ns"))
    columns |= changed
    return pa.table({name: values for name, values in columns.items() if values is not None})


def test_each_form_of_a_table_gives_the_same_rows(read: Read) -> None:
    files = {f"signatures_made_up.{form}": (HERE / f"signatures_made_up.{form}").read_bytes() for form in ("xls", "ods")}
    files["signatures_made_up.parquet"] = written(signed(Khac=["x"] * 40))
    loads = read(files)
    assert loads.keys() == files.keys()
    for name, load in loads.items():
        assert (load.message, load.status) == (None, "landed")
        assert records(load) == SIGNED, name
        assert load.manifest["fields"]["table"]
        assert load.manifest["other_sheets"] == (0 if name.endswith("parquet") else 1)
    assert loads["signatures_made_up.parquet"].manifest["fields"]["present"]["Khac"] == 40


def test_errors_in_each_form_of_a_workbook_are_told(read: Read) -> None:
    """They are empty cells for the library. Both files were saved by LibreOffice: #N/A, #DIV/0!, and two formulas whose values are kept."""
    files = {f"signatures_a.{form}": (HERE / f"valueless_made_up.{form}").read_bytes() for form in ("xls", "ods")}
    for name, load in read(files).items():
        assert load.manifest["left_alone"]["valueless"] == 2, name


@pytest.mark.parametrize("form", ["xls", "ods", "parquet"])
def test_a_file_that_is_cut_off_or_damaged_harms_itself_alone(read: Read, form: str) -> None:
    whole = written(signed(), write_page_checksum=True) if form == "parquet" else (HERE / f"signatures_made_up.{form}").read_bytes()
    step = len(whole) // 8
    cuts = {f"signatures_{end:05}.{form}": whole[:end] for end in (0, 3, *range(step, len(whole), step), len(whole) - 1)}
    damaged = {f"signatures_d{at:05}.{form}": whole[:at] + b"\xff" * 60 + whole[at + 60 :] for at in range(0, len(whole) - 60, step)}
    loads = read(cuts | damaged | {f"signatures_good.{form}": whole})
    assert len(loads) == len(cuts) + len(damaged) + 1
    assert loads[f"signatures_good.{form}"].status == "landed"
    for name, load in loads.items():
        if load.status == "landed":
            assert len(records(load)) == 40, f"{name} has lost rows"
            assert form == "xls" or records(load) == SIGNED, f"{name} has other values"  # .xls has no checksum
        else:
            assert f"file {name}" in str(load.message)


@pytest.mark.parametrize(
    ("name", "data", "status", "words"),
    [
        ("a.xls", b"<html><table><tr><td>IdKySo</td></tr></table></html>", "blocked", "a web page or XML under the name of a workbook"),
        ("a.ods", b"IdKySo,IdVanBan\n", "waiting", "it is no whole workbook"),
        ("a.parquet", b"IdKySo,IdVanBan\n", "blocked", "it is no Parquet file, or an encrypted one"),
        ("a.parquet", b"", "waiting", "it is empty"),
        ("a.parquet", written(signed())[:-1], "waiting", "its end is missing"),
        ("a.parquet", b"PAR1" + b"\0" * 40 + b"PAR1", "blocked", "it is damaged"),
        ("a.parquet", written(signed(NguoiKyId=None)), "blocked", "the header lacks 1 of the 7 columns that the profile uses: NguoiKyId"),
        ("a.parquet", written(signed(IdVanBan=[b"\xff\xfe"] * 40)), "blocked", "row 1: IdVanBan has bytes that are no text in UTF-8"),
    ],
)
def test_what_is_wrong_is_told_by_name(read: Read, name: str, data: bytes, status: str, words: str) -> None:
    loads = read({f"signatures_{name}": data, "signatures_good.parquet": written(signed())})
    bad = loads[f"signatures_{name}"]
    assert (str(bad.status), words in str(bad.message)) == (status, True), bad.message
    assert loads["signatures_good.parquet"].status == "landed"


def test_a_value_that_was_changed_is_seen_where_pages_have_checksums(read: Read) -> None:
    whole = written(signed(), compression="none", use_dictionary=False, write_page_checksum=True)
    load = read({"signatures_a.parquet": whole.replace(b"KS-7", b"KS-8")})["signatures_a.parquet"]
    assert (load.status, "it is damaged" in str(load.message)) == ("blocked", True)


def test_a_layout_of_parquet_is_told_and_not_passed_over(read: Read) -> None:
    load = read({"signatures_a.parquet": written(signed())}, layout=Layout(not_records=("x",)))["signatures_a.parquet"]  # type: ignore[call-arg]
    assert "a layout says how a table stands in a sheet or a text, and Parquet has none" in str(load.message)


def test_values_of_parquet_land_as_those_of_a_table(read: Read) -> None:
    table = pa.table(
        {
            "a": pa.array([{"b": {"c": "x"}}, None, {"b": None}]),
            "IdVanBan": pa.array([Decimal("1500000.00"), Decimal("12345678901234567890.12"), None]),
            "NguoiKyId": pa.array([[{"q": 1}], [], None]),
            "ThoiDiemKy": pa.array([datetime(2023, 5, 4, 1, tzinfo=UTC), None, None], pa.timestamp("ms", "UTC")),
            "LoaiChungThu": pa.array([date(2023, 5, 4), None, None]),
            "HopLe": pa.array([2.0, float("nan"), 2.5]),
            "NgayCapNhat": pa.array([None, float("inf"), None]),
        }
    )
    columns = tuple(
        replace(column, source="a.b.c") if column.source == "IdKySo" else column
        for column in profile("documents").entities["signatures"].columns
    )
    load = read({"signatures_a.parquet": written(table)}, key=("a.b.c",), columns=columns)["signatures_a.parquet"]  # type: ignore[call-arg]
    assert [row[:2] for row in rows(load)] == [
        [
            1,
            {
                "a.b.c": "x",
                "IdVanBan": "1500000.00",
                "NguoiKyId": '[{"q":1}]',
                "ThoiDiemKy": "2023-05-04T01:00:00+00:00",
                "LoaiChungThu": "2023-05-04",
                "HopLe": 2,
            },
        ],
        [2, {"IdVanBan": "12345678901234567890.12", "NguoiKyId": "[]", "NgayCapNhat": "inf"}],
        [3, {"HopLe": 2.5}],
    ]


def test_a_parquet_file_that_unpacks_to_more_than_the_memory_is_blocked(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_MAX_WORKBOOK_MEMORY_MB", "300")
    bomb = written(
        pa.table({name: pa.array(["x" * 1_000_000] * 250 if name == "IdKySo" else ["x"] * 250) for name in NAMES}), use_dictionary=False
    )
    assert len(bomb) < 64 * 2**20
    loads = read({"signatures_bomb.parquet": bomb, "signatures_good.parquet": written(signed())})
    assert loads["signatures_bomb.parquet"].status == "blocked"
    assert loads["signatures_good.parquet"].status == "landed"
    assert "more than 300 MB of memory (CCHC_MAX_WORKBOOK_MEMORY_MB)" in str(loads["signatures_bomb.parquet"].message)
