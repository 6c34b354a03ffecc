"""A published figure that is another one because something was withdrawn names who withdrew and why, whatever kind of record it counts."""

from __future__ import annotations

import json
from typing import Any

from cchc.period import parse_period
from cchc.pipeline.close import close
from cchc.pipeline.withdraw import withdraw
from cchc.publication.restatement import restatements
from tests.secondary.conftest import Desk
from tests.support.deliveries import dossier

UNIT, OTHER = "H19.16.21", "H19.16.22"
WHY = ("withdrawn", "Nguyễn Thị Thử: hệ thống thử")
RESULT = [{"MaGiayToKetQua": "K1", "TenGiayTo": "Bản sao", "DuongDanTepTinKetQua": "a.pdf", "DaKySo": "1"}]
DATES = {
    "NgayTiepNhan": "20230505080000",
    "NgayHenTra": "20230510170000",
    "NgayKetThucXuLy": "20230509100000",
    "NgaySuaCuoi": "20230509100000",
}


def procedure(code: str, **fields: Any) -> dict[str, Any]:
    """An entry of a list of procedures, in force and published."""
    return {
        "MaTTHC": code, "TenTTHC": f"Thủ tục {code}", "MaLinhVuc": "LV1", "CapThucHien": "xa", "MaDonVi": UNIT, "MucDo": "4",
        "LaChungThuc": "0", "NgayQuyetDinhCongBo": "20230101000000", "NgayCongKhai": "20230102000000", "HieuLucTu": "20230101000000",
        "TrangThai": "hieu_luc",
    } | fields  # fmt: skip


def leader(code: str, **fields: Any) -> dict[str, Any]:
    """A leader in post."""
    return {
        "NguoiId": code,
        "MaDonVi": UNIT,
        "ChucVu": "Chủ tịch",
        "CapLanhDao": "chu_tich",
        "TuNgay": "2022-01-01",
        "DaCapChuKySo": True,
    } | fields


def signature(code: str, person: str) -> dict[str, Any]:
    """A valid signature of May 2023."""
    return {
        "IdKySo": code, "IdVanBan": f"V{code}", "NguoiKyId": person, "ThoiDiemKy": "2023-05-10T09:00:00+07:00", "LoaiChungThu": "ca_nhan",
        "HopLe": True, "NgayCapNhat": "2023-05-10T09:00:00+07:00",
    }  # fmt: skip


def step(code: str, at: str) -> dict[str, Any]:
    """A step that ends the dossier D1."""
    return {"MaBuoc": code, "MaHoSo": "D1", "ThoiDiemXuLy": at, "TrangThai": "9", "MaDonVi": UNIT, "NgaySuaCuoi": at}


def drop(desk: Desk, source: str, name: str, *records: dict[str, Any]) -> None:
    """A file of one record a line."""
    desk.drop(source, f"{name}.ndjson", "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode())


def deliver(desk: Desk) -> None:
    """Two deliveries of each system; the second is the one that is withdrawn."""
    drop(desk, "one_stop", "procedures_1", procedure("1.000001"), procedure("2.000815", LaChungThuc="1"), procedure("1.000003"))
    by_step = dossier("D1", **DATES | {"NgayKetThucXuLy": ""})
    drop(desk, "one_stop", "dossiers_1", by_step)
    drop(desk, "one_stop", "dossier_steps_1", step("B1", "20230520100000"))
    drop(desk, "documents", "leaders_1", leader("A"), leader("B"))
    drop(desk, "documents", "signatures_1", signature("S1", "A"))
    for source in ("one_stop", "documents"):
        assert desk.ingest(source, "2024-01-02").blocked == []
    unpublished = procedure("1.000003", NgayCongKhai=None)
    drop(desk, "one_stop", "procedures_2", procedure("1.000001"), procedure("2.000815", LaChungThuc="1"), unpublished)
    drop(desk, "one_stop", "dossiers_2", dossier("D2", MaTTHC="2.000815", DanhSachGiayToKetQua=RESULT, **DATES))
    drop(desk, "one_stop", "dossier_steps_2", step("B2", "20230509100000"))
    drop(desk, "documents", "leaders_2", leader("A"), leader("B"), leader("C", MaDonVi=OTHER))
    drop(desk, "documents", "signatures_2", signature("S2", "B"))
    for source in ("one_stop", "documents"):
        assert desk.ingest(source, "2024-01-03").blocked == []


def test_each_kind_of_record_names_who_withdrew_and_why(desk: Desk) -> None:
    deliver(desk)
    desk.settle("2023-05")
    close(desk.settings, parse_period("2023-05"), "Lê Văn Thử", incomplete=True)
    for row in desk.rows("select load_id from ops.load where file_name like '%2.ndjson' order by 1"):
        withdraw(desk.settings, [row["load_id"]], "hệ thống thử", "Nguyễn Thị Thử")
    desk.settle("2023-05")
    found = {
        (row["indicator_code"], item["item"], item["change"], item["reason"], item["detail"])
        for row in restatements(desk.settings, parse_period("2023-05"))
        if row["unit_code"] == "all"
        for item in row["items"]
    }
    assert {item[3:] for item in found} == {WHY}
    assert {item[:3] for item in found} >= {
        ("dossier_on_time_rate", "D1", "numerator_lost"),  # a step that was withdrawn had ended it in time
        ("dossier_on_time_rate", "D2", "removed"),
        ("ecertification_coverage_rate", UNIT, "numerator_lost"),
        ("leader_digital_signature_rate", "B", "numerator_lost"),
        ("leader_digital_signature_rate", "C", "removed"),
        ("procedure_publication_rate", "1.000003", "numerator_gained"),
        ("procedure_update_timely_rate", "1.000003 2023-01-01", "numerator_gained"),
    }
