"""The fields of a delivery are counted by name: present and used fields. Personal data are never stored as names of fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.fields import FieldCounts, is_name
from cchc.sources.landing import Landed, Window
from tests.sources.conftest import KEY, T, profile
from tests.support.source_server import Source

DOSSIERS = profile("one_stop").entities["dossiers"]


def counted(records: list[dict[str, Any]], *, landed: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    counts = FieldCounts(DOSSIERS)
    counts.see(records, records if landed is None else landed, lists_are_text=False)
    return counts.manifest()


def test_every_field_is_counted_whatever_the_order_of_the_names() -> None:
    found = counted([{"MaHoSo": "A", "NgayTra": "", "Email": "x"}, {"NgayTra": None, "MaHoSo": "B"}, {"MaHoSo": "C"}])
    assert (found["records"], found["table"]) == (3, False)
    assert found["present"] == {"MaHoSo": 3, "NgayTra": 2, "Email": 1}, "there is there, also when it is empty"
    assert {"MaHoSo", "NgaySuaCuoi", "TaiLieuNop", "TaiLieuNop.DuocSoHoa"} <= set(found["mapped"])
    assert "Email" not in found["mapped"]


def test_the_objects_of_a_list_are_counted() -> None:
    records: list[dict[str, Any]] = [
        {"TaiLieuNop": [{"DuocSoHoa": "1"}, {"TenTepDinhKem": "x"}]},
        {"TaiLieuNop": [{"DuocSoHoa": "0", "khac": "?"}], "DanhSachLePhi": []},
        {"TaiLieuNop": "not a list"},
        {"MaHoSo": "A"},
    ]
    landed: list[dict[str, Any]] = [*records[:2], {"TaiLieuNop": "(malformed)"}, records[3]]
    found = counted(records, landed=landed)
    assert found["objects"]["TaiLieuNop"] == 3
    assert found["objects"]["DanhSachLePhi"] == 0
    assert {name: times for name, times in found["present"].items() if "." in name} == {
        "TaiLieuNop.DuocSoHoa": 2,
        "TaiLieuNop.TenTepDinhKem": 1,
        "TaiLieuNop.khac": 1,
    }


def test_a_field_that_is_named_like_one_of_a_list_is_not_counted_as_that() -> None:
    found = counted([{"MaHoSo": "A", "TaiLieuNop.DuocSoHoa": "1", "dia_chi.xa": "x"}] * 3)
    assert found["present"] == {"MaHoSo": 3, "dia_chi.xa": 3}


def test_a_name_that_may_be_data_is_not_kept() -> None:
    for name in ("Ngày hẹn trả mới", "GhiChu_2", "case:concept:name"):
        assert is_name(name)
    for name in ("", "012345678901", "Nguyễn Văn A, 0912345678", "a@b.vn", "x" * 61, "two\nlines"):
        assert not is_name(name)
    crowd: list[dict[str, Any]] = [{f"n{n:05d}": 1 for n in range(10_000)}, {"MaHoSo": "A", "more": 1}]
    assert counted(crowd)["present"]["MaHoSo"] == 1, "a field of ours is counted, whatever came before it"
    people = [{"MaHoSo": "A", f"{n:012d}": "Nguyễn Văn A"} for n in range(500)]
    assert counted(people)["present"] == {"MaHoSo": 500}
    map_like = [{"MaHoSo": "A", "khac": 1, f"Nguyễn Văn {'ABCDEFGHIKLMNOPQRSTUVXY'[n]}": 1} for n in range(23)]
    assert counted(map_like)["present"] == {"MaHoSo": 23, "khac": 23}, "a name for each record is somebody's"
    assert len(counted([{f"f{n % 300:03d}": 1 for n in range(300)}])["present"]) == 100, "the first hundred names will do"


@pytest.fixture
def read(tmp_path: Path, landing: str) -> Callable[..., Landed]:
    """Extracts the one file of `documents` signatures in the drop folder."""

    def run(name: str = "documents", entity: str = "signatures", extract_id: int = 1) -> Landed:
        connection = Connection(name, str(tmp_path))
        (load,) = extract(profile(name), connection, Window(None, T), landing, extract_id=extract_id, privacy_key=KEY, entities=[entity])
        return load

    return run


WHOLE = ["IdKySo", "IdVanBan", "NguoiKyId", "ThoiDiemKy", "LoaiChungThu", "HopLe", "NgayCapNhat"]


def test_a_table_has_its_columns_in_every_record(tmp_path: Path, read: Callable[..., Landed]) -> None:
    lines = [",".join([*WHOLE, "Ghi chú"]), "1,V1,N1,2023-01-05,ca_nhan,true,2023-01-05,x", "2,,,,,,2023-01-05,", "3,half a row"]
    (tmp_path / "signatures_1.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    fields = read().manifest["fields"]
    assert (fields["records"], fields["table"]) == (2, True), "the row that is no record has no fields"
    assert fields["present"] == dict.fromkeys([*WHOLE, "Ghi chú"], 2)


def test_a_workbook_as_well(tmp_path: Path, read: Callable[..., Landed]) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append([*WHOLE, "Ghi chú"])
    book.worksheets[0].append(["1", "V1", "N1", "2023-01-05", "ca_nhan", "true", "2023-01-05", None])
    book.save(tmp_path / "signatures_1.xlsx")
    assert read().manifest["fields"]["present"] == dict.fromkeys([*WHOLE, "Ghi chú"], 1)


def test_a_header_that_swallowed_the_first_record_keeps_nobodys_name(tmp_path: Path, read: Callable[..., Landed]) -> None:
    """The line break behind the header is lost: the columns are all there, and beside them the cells of the first record."""
    first = ["Ghi chú1", "V1", "Nguyễn Văn Thử", "2023-01-05", "ca_nhan", "true", "2023-01-05", ""]
    lines = [",".join([*WHOLE, *first]), "2,,,,,,2023-01-05,"]
    (tmp_path / "signatures_1.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    load = read()
    assert set(load.manifest["fields"]["present"]) == set(WHOLE)
    assert "Thử" not in json.dumps(load.manifest, ensure_ascii=False)


def test_of_several_rows_of_a_key_the_one_that_lands_is_counted(tmp_path: Path, landing: str) -> None:
    dutch = profile("dutch_permits", "docs/examples")
    names = sorted({name for entity in dutch.entities.values() for name in entity.wire_fields})
    rows = [["A", "t1"], ["B", "t2"], ["A", "t3"]]
    cells = [{"case:concept:name": key, "concept:instance": step} for key, step in rows]
    lines = [",".join(names), *(",".join(cell.get(name, "") for name in names) for cell in cells)]
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "dutch_permits_1.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    loads = extract(dutch, Connection("dutch_permits", str(drop)), Window(None, T), landing, extract_id=1, privacy_key=KEY)
    assert [load.manifest["fields"]["records"] for load in loads] == [2, 3]


def test_over_http_and_in_the_lists_of_keys(source: Source, pull: Callable[..., dict[str, Landed]]) -> None:
    source.records["dossiers"] = [
        {"MaHoSo": "A", "NgayTiepNhan": "20230105080000", "NgaySuaCuoi": "20230105080000", "ChuHoSo": "Nguyễn Văn Thử"},
        {"MaHoSo": "B", "NgayTiepNhan": "20230106080000", "NgaySuaCuoi": "20230106080000"},
        {"MaHoSo": "C", "NgayTiepNhan": "20230106080000", "NgaySuaCuoi": "20240106080000", "late": "left for a later T"},
    ]
    source.keys = {"2023-01": [{"MaHoSo": "A", "DeletedOn": ""}, {"MaHoSo": "B"}]}
    loads = pull(entities=["dossiers"])
    fields = loads["dossiers"].manifest["fields"]
    assert fields["present"] == {"MaHoSo": 2, "NgayTiepNhan": 2, "NgaySuaCuoi": 2, "ChuHoSo": 1}
    keys = loads["dossiers.keys"].manifest["fields"]
    assert (keys["records"], keys["present"]) == (2, {"MaHoSo": 2, "month": 2, "DeletedOn": 1})
