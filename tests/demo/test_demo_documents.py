"""The document management system on the wire, field by field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from demo import clock

FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "documents": {
        "IdVanBan": (str,), "ChieuVanBan": (str,), "SoKyHieu": (str,), "NgayBanHanh": (str,), "LoaiVanBan": (str,), "TrichYeu": (str,),
        "MaDonViBanHanh": (str,), "MaDonViXuLy": (str,), "DoKhan": (str,), "DoMat": (str, type(None)), "NgayDen": (str, type(None)),
        "HanXuLy": (str, type(None)), "NgayHoanThanh": (str, type(None)), "XuLyTrenMang": (bool,), "KySo": (bool,),
        "MaHoSoLienQuan": (str, type(None)), "NgayCapNhat": (str,),
    },
    "work_files": {
        "IdHoSoCongViec": (str,), "MaDonVi": (str,), "CapDonVi": (str,), "NgayMo": (str,), "NgayDong": (str, type(None)), "HinhThucXuLy": (str,),
        "DoMat": (str, type(None)), "DacThu": (bool,), "NgayCapNhat": (str,),
    },
    "signatures": {
        "IdKySo": (str,), "IdVanBan": (str,), "NguoiKyId": (str,), "ThoiDiemKy": (str,), "LoaiChungThu": (str,), "HopLe": (bool,), "NgayCapNhat": (str,),
    },
    "leaders": {
        "NguoiId": (str,), "MaDonVi": (str,), "ChucVu": (str,), "CapLanhDao": (str,), "TuNgay": (str,), "DenNgay": (str, type(None)), "DaCapChuKySo": (bool,),
    },
}  # fmt: skip
YEAR = {"tuNgay": "2023-01-01", "denNgay": "2023-12-31"}


@pytest.mark.parametrize("entity", list(FIELDS))
def test_fields_and_types(at_end: dict[str, list[Any]], entity: str) -> None:
    assert at_end[entity]
    for record in at_end[entity]:
        missing = set(FIELDS[entity]) - set(record)
        assert missing <= {"DoMat"}
        assert set(record) <= set(FIELDS[entity])
        for name, value in record.items():
            assert isinstance(value, FIELDS[entity][name]), (name, value)


def test_codes_and_times(at_end: dict[str, list[Any]]) -> None:
    for record in at_end["documents"]:
        assert re.fullmatch(r"\d\d/\d\d/\d{4}", record["NgayBanHanh"])
        assert record["ChieuVanBan"] in {"den", "di"}
        assert record.get("DoMat") in {"thuong", "mat", "toi_mat", "tuyet_mat", None}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+07:00)?", record["NgayCapNhat"])
    assert {record["HinhThucXuLy"] for record in at_end["work_files"]} == {"dien_tu", "giay", "ket_hop"}
    assert {record["CapLanhDao"] for record in at_end["leaders"]} == {"cap_huyen", "cap_phong", "cap_xa"}
    assert {record["LoaiChungThu"] for record in at_end["signatures"]} == {"ca_nhan", "co_quan"}


@pytest.mark.parametrize("entity", ["documents", "work_files", "signatures"])
@pytest.mark.parametrize("size", [500, 37])
def test_pages_add_up_and_days_are_inclusive(client: Any, district: Any, entity: str, size: int) -> None:
    found, total = client.pages(entity, **YEAR, size=size)
    assert len(found) == total
    truth = [
        record
        for record in district.records(entity, clock.parse_iso("2024-01-02T00:00:00+07:00"))
        if record["NgayCapNhat"].startswith("2023-")
    ]
    assert found == truth
    days = sorted({record["NgayCapNhat"][:10] for record in found})
    by_day = sum(client.pages(entity, tuNgay=day, denNgay=day, size=1000)[1] for day in days[:5])
    assert by_day == client.pages(entity, tuNgay=days[0], denNgay=days[4], size=1000)[1]


def test_leaders_are_a_full_list_whatever_the_dates(client: Any) -> None:
    found, total = client.pages("leaders", tuNgay="2023-05-01", denNgay="2023-05-02", size=20)
    assert len(found) == total > 90
    keys = [(record["NguoiId"], record["MaDonVi"], record["TuNgay"]) for record in found]
    assert len(set(keys)) == len(keys)


def test_past_the_end_is_empty_and_wrong_questions_are_400(client: Any) -> None:
    status, page = client.get("/documents/api/v1/documents", {**YEAR, "page": 10_000, "size": 500})
    assert status == 200
    assert page["content"] == []
    assert page["last"] is True
    for query in ({"size": 1_001}, {"size": 0}, {"page": -1}, {"tuNgay": "01/01/2023"}):
        assert client.get("/documents/api/v1/documents", query)[0] == 400
    assert client.get("/documents/api/v1/nothing")[0] == 404
    assert client.call("GET", "/documents/api/v1/documents")[0] == 401
    assert client.call("GET", "/documents/api/v1/documents", {"X-API-Key": "wrong"})[0] == 401


def test_an_empty_day_is_one_empty_last_page(client: Any) -> None:
    _status, page = client.get("/documents/api/v1/documents", {"tuNgay": "2020-01-01", "denNgay": "2020-01-01"})
    assert page == {"content": [], "totalElements": 0, "totalPages": 0, "number": 0, "last": True}


def test_a_document_turns_secret_while_the_clock_runs(moving: Any, district: Any) -> None:
    key = district.planted["turned-secret-document"][1]
    before = {record["IdVanBan"]: record for record in moving.pages("documents", size=1_000)[0]}
    assert before[key]["DoMat"] == "thuong"
    moving.demo.advance("2024-01-12T00:00:00+07:00")
    changed = {record["IdVanBan"]: record for record in moving.pages("documents", tuNgay="2024-01-02", denNgay="2024-01-11", size=1_000)[0]}
    assert changed[key]["DoMat"] == "mat"
    assert all(before.get(name) != record for name, record in changed.items())
