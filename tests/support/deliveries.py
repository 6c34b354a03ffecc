"""Files as the sources deliver them: payments of a day, dossiers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

PAYMENT_COLUMNS = (
    "MaThamChieu", "MaGiaoDich", "MaHoSo", "MaTTHC", "MaDonVi", "LoaiGiaoDich", "SoTien", "Phi", "LePhi", "HinhThucThanhToan",
    "KenhThanhToan", "TrangThaiGD", "MaLoi", "MaNganHang", "ThoiGianGD", "MaThamChieuGoc", "SoBienLai", "NguoiNop", "SoTaiKhoan",
)  # fmt: skip
PAYMENT_HEADER = ";".join(PAYMENT_COLUMNS)


def payment(**fields: str) -> dict[str, str]:
    """A good payment; `fields` make another of it."""
    row = dict.fromkeys(PAYMENT_COLUMNS, "") | {
        "MaThamChieu": "R1", "MaGiaoDich": "G1", "MaTTHC": "1.000001", "MaDonVi": "H19.16.21", "LoaiGiaoDich": "PAY", "SoTien": "50.000",
        "Phi": "50.000", "LePhi": "0", "HinhThucThanhToan": "qr", "KenhThanhToan": "1", "TrangThaiGD": "1", "MaLoi": "00",
        "MaNganHang": "VCB", "ThoiGianGD": "05/06/2023 10:00:00", "NguoiNop": "Nguyễn Văn Thử", "SoTaiKhoan": "0000000000",
    }  # fmt: skip
    return row | fields


def payment_file(folder: Path, day: str, rows: list[dict[str, str]], *, claimed: int | None = None) -> Path:
    """One day's payments with trailer and manifest; `claimed` is an amount that the manifest gives instead of the right one."""
    folder.mkdir(exist_ok=True)
    amount = sum(int(row["SoTien"].replace(".", "")) for row in rows if row["LoaiGiaoDich"] == "PAY" and row["TrangThaiGD"] == "1")
    lines = [
        PAYMENT_HEADER,
        *(";".join(row[column] for column in PAYMENT_COLUMNS) for row in rows),
        f"#TONG;{len(rows)};{amount}",
    ]
    data = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
    path = folder / f"giaodich_{day}.csv"
    path.write_bytes(data)
    manifest = {
        "file": path.name,
        "rows": len(rows),
        "amount": amount if claimed is None else claimed,
        "sha256": hashlib.sha256(data).hexdigest(),
        "revision": 1,
    }
    path.with_suffix(".json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def payment_day(folder: Path, day: str, *, claimed: int = 50_000) -> Path:
    """One day's file with one good payment of 50.000 đồng; `claimed` is the amount that its manifest gives."""
    paid = payment(MaThamChieu=f"R{day}", MaGiaoDich=f"G{day}", ThoiGianGD=f"{day[6:]}/{day[4:6]}/{day[:4]} 10:00:00")
    return payment_file(folder, day, [paid], claimed=claimed)


def dossier(code: str, **fields: Any) -> dict[str, Any]:
    """A good finished dossier of June 2023; `fields` make another of it."""
    return {
        "MaHoSo": code, "MaTTHC": "1.000001", "MaLinhVuc": "LV1", "MaDonVi": "H19.16.21", "KenhThucHien": "1", "MucDo": "4",
        "NgayTiepNhan": "20230605080000", "NgayHenTra": "20230610170000", "NgayKetThucXuLy": "20230609100000", "NgayTra": "", "TrangThaiHoSo": "9",
        "TaiLieuNop": [], "DanhSachGiayToKetQua": [], "DanhSachHoSoBoSung": [], "NgaySuaCuoi": "20230609100000",
    } | fields  # fmt: skip


def dossier_file(folder: Path, name: str, records: list[Any]) -> Path:
    """Dossiers as the drop folder of the one-stop software holds them: one record a line."""
    folder.mkdir(exist_ok=True)
    path = folder / f"dossiers_{name}.ndjson"
    path.write_text("".join((record if isinstance(record, str) else json.dumps(record)) + "\n" for record in records), encoding="utf-8")
    return path
