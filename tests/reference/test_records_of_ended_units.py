"""What still comes under the code of a unit that has ended: it counts for the successor, in the level alone, or nowhere, and each is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cchc.settings import Settings
from tests.support.cli import cchc
from tests.support.deliveries import payment, payment_file
from tests.support.desk import Desk

# merged on 2024-10-31 into TAN_BINH; ended on 2025-06-30, and nobody took its place
BINH_HOA, TAN_BINH, MA_DA = "H19.16.30", "H19.16.29", "H19.16.31"


def lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def procedure(code: str, unit: str, until: str = "") -> dict[str, Any]:
    return {"MaTTHC": code, "MaDonVi": unit, "HieuLucTu": "20220101000000", "HieuLucDen": until, "TrangThai": "cong_khai"}


def leader(person: str, unit: str, until: str | None = None) -> dict[str, Any]:
    return {"NguoiId": person, "MaDonVi": unit, "ChucVu": "Chủ tịch", "CapLanhDao": "cap_xa", "TuNgay": "2022-01-01", "DenNgay": until}


def work_file(code: str, unit: str, day: str) -> dict[str, Any]:
    return {
        "IdHoSoCongViec": code, "MaDonVi": unit, "CapDonVi": "xa", "NgayMo": day, "NgayDong": day, "HinhThucXuLy": "dien_tu",
        "DoMat": "thuong", "DacThu": False, "NgayCapNhat": f"{day}T08:00:00",
    }  # fmt: skip


def test_each_record_under_an_old_code_is_told(warehouse: Settings, tmp_path: Path) -> None:
    desk = Desk(warehouse, tmp_path / "drop")
    desk.drop("documents", "work_files_1.ndjson", lines(
        work_file("BEFORE", BINH_HOA, "2024-10-31"), work_file("MERGED", BINH_HOA, "2024-11-01"),
        work_file("NEW-CODE", TAN_BINH, "2024-11-01"), work_file("NOBODY", MA_DA, "2025-07-01"),
    ))  # fmt: skip
    ended = leader("OVER", BINH_HOA, "2024-10-31")
    desk.drop("documents", "leaders_1.ndjson", lines(leader("LOST", BINH_HOA), ended, leader("HERE", TAN_BINH)))
    desk.drop("one_stop", "procedures_1.ndjson", lines(
        procedure("1.000001", TAN_BINH), procedure("1.000001", BINH_HOA), procedure("1.000002", BINH_HOA),
        procedure("1.000003", BINH_HOA, until="20241031000000"),
    ))  # fmt: skip
    for entity in ("dossiers", "dossier_steps", "assessments"):
        desk.drop("one_stop", f"{entity}_1.ndjson", b"\n")
    for day, unit in (("20241101", BINH_HOA), ("20241102", TAN_BINH), ("20250701", MA_DA)):
        row = payment(MaGiaoDich=day, MaThamChieu=day, MaDonVi=unit, ThoiGianGD=f"{day[6:]}/{day[4:6]}/{day[:4]} 10:00:00")
        payment_file(desk.inbox("payments"), day, [row])
    for source in ("documents", "one_stop", "payments"):
        desk.ingest(source, "2025-07-05" if source != "one_stop" else "2025-01-05")
    told = desk.rows("select unit_code, item, detail from mart.finding where finding_code = 'record_unit_did_not_exist' order by item")
    assert [(row["unit_code"], row["item"], row["detail"]["model"], row["detail"]["counts_for"]) for row in told] == [
        (BINH_HOA, "20241101|PAY", "payment", TAN_BINH),
        (MA_DA, "20250701|PAY", "payment", None),
        (BINH_HOA, "MERGED", "work_file", TAN_BINH),
        (MA_DA, "NOBODY", "work_file", None),
    ]
    noted = [line for line in cchc("doctor").out.splitlines() if "of units that have ended" in line]
    assert [line.partition("NOTE")[2].strip().partition(". They")[0] for line in noted] == [
        f"documents leaders: 2 entries of the newest list are of units that have ended, such as Chủ tịch of {TAN_BINH} (ended 2025-06-30)",
        f"one_stop procedures: 2 entries of the newest list are of units that have ended, such as 1.000001 of {BINH_HOA} (ended 2024-10-31)",
    ]
