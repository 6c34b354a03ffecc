"""Records put into a world one by one, for tests that say by hand what must come out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from .secondary import DropFile
from .words import ZONE
from .world import World

COMMUNE, OFFICE = "H19.16.21", "H19.16.6"
FEEDBACK = {
    "MaPhanAnh": "P", "KenhTiepNhan": "1022", "NgayTiepNhan": "01/03/2023 08:00", "VeTTHC": "1", "MaDonViXuLy": COMMUNE, "HanXuLy": "10/03/2023 17:00",
    "NgayTraLoi": "", "TrangThai": "dang_xu_ly", "DanhGia": "", "MaTrung": "",
}  # fmt: skip
SHEET = {"MaPhieu": "S", "NgayKhaoSat": "05/03/2023", "MaDonVi": COMMUNE, "MucDoHaiLong": "4"}


def at(raw: str) -> datetime:
    """A local time."""
    return datetime.fromisoformat(raw).replace(tzinfo=ZONE)


def put(world: World, when: str, key: str = "A", **fields: Any) -> None:
    """A version of a dossier, changed and visible at `when`."""
    base = {
        "MaHoSo": key, "MaTTHC": "1.000001", "MaDonVi": COMMUNE, "TrangThaiHoSo": "4", "NgayTiepNhan": "2023-03-01T08:00:00", "NgayHenTra": "2023-03-10T17:00:00",
        "KenhThucHien": "1",
    }  # fmt: skip
    given = {"NgaySuaCuoi": when} | fields
    world.put("dossiers", key, at(when), base | given)


def step(
    world: World, when: str, name: str, status: str, *, action: str = "x", of: str = "A", hidden: bool = False, known: str | None = None
) -> None:
    """A visible or hidden step."""
    wire = {
        "MaBuoc": name,
        "MaHoSo": of,
        "ThoiDiemXuLy": when,
        "TrangThai": status,
        "ThaoTac": action,
        "DeletedOn": when if hidden else "",
        "NgaySuaCuoi": known or when,
    }
    world.put("dossier_steps", name, at(known or when), wire)


def procedure(world: World, when: str, **fields: Any) -> None:
    """A row of the procedures' list from `when` on."""
    wire = {"MaTTHC": "1.000001", "MaDonVi": COMMUNE, "HieuLucTu": "20220101000000", "HieuLucDen": "", "TrangThai": "cong_khai"} | fields
    world.put("procedures", "|".join((wire["MaTTHC"], wire["MaDonVi"], wire["HieuLucTu"])), at(when), wire, at(when))


def gone(world: World, when: str, code: str = "1.000001", unit: str = COMMUNE, begins: str = "20220101000000") -> None:
    """A row leaves the procedures' list."""
    world.put("procedures", f"{code}|{unit}|{begins}", at(when), None, at(when))


def drop(world: World, source: str, name_day: str, arrives: str, *rows: dict[str, Any], revision: int = 1, **more: Any) -> None:
    """A file in a drop folder."""
    bare = {"feedback": FEEDBACK, "survey": SHEET, "declared": {}}[source]
    day = date.fromisoformat(name_day)
    world.drop_files.append(DropFile(source, day, at(arrives), [bare | row for row in rows], revision, **more))
