"""The command line as an operator sees it: what it printed, where, and its exit code; and files as the sources send them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cchc.cli import main as cli
from cchc.settings import Settings
from cchc.warehouse import engine, query

PAYMENT_COLUMNS = (
    "MaThamChieu", "MaGiaoDich", "MaHoSo", "MaTTHC", "MaDonVi", "LoaiGiaoDich", "SoTien", "Phi", "LePhi", "HinhThucThanhToan",
    "KenhThanhToan", "TrangThaiGD", "MaLoi", "MaNganHang", "ThoiGianGD", "MaThamChieuGoc", "SoBienLai", "NguoiNop", "SoTaiKhoan",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What one command said."""

    code: int
    out: str
    err: str
    data: bytes


def cchc(*arguments: str) -> Said:
    """Run `cchc …` in this process. Unexpected exceptions are not caught, so that the test fails with their stack trace."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            code = cli.main(list(arguments))
        except SystemExit as ended:  # argparse
            code = int(ended.code or 0)
    data, errors = (stream.buffer.getvalue() for stream in streams)
    return Said(code, data.decode("utf-8", "replace"), errors.decode("utf-8"), data)


def rows_of(settings: Settings, statement: str) -> list[dict[str, Any]]:
    """Rows of the warehouse."""
    with engine(settings).connect() as connection:
        return query(connection, statement)


def counted(settings: Settings) -> dict[str, int]:
    """Rows of every table of core and mart: what a failed load must not change."""
    tables = rows_of(
        settings, "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('core', 'mart') order by 1"
    )
    union = " union all ".join(f"select '{row['name']}' as name, count(*) as n from {row['name']}" for row in tables)
    return {row["name"]: row["n"] for row in rows_of(settings, union)}


def connect(monkeypatch: pytest.MonkeyPatch, source: str, **parts: str) -> None:
    """Set the connection of a source."""
    monkeypatch.setenv(f"AIRFLOW_CONN_SRC_{source.upper()}", json.dumps(parts))


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
        ";".join(PAYMENT_COLUMNS),
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
