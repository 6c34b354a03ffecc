"""Certified copies around two turns of the year, and what units declare for December: a world for tests of plans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.oracle.small_worlds import COMMUNE, OFFICE, at, drop, procedure, put
from tests.oracle.world import World

NEW_YEAR = at("2024-01-02T00:00:00")
TRAINING = "staff_training_rate"  # a milestone that units declare


def ended(world: World, key: str, day: str, known: str | None = None, *, late: bool = False, **fields: Any) -> None:
    """A certified copy that was received and given back on a day, in time or not; known from `known` on."""
    result = {"DuongDanTepTinKetQua": f"/{key}", "DaKySo": "1"}
    due = at(f"{day}T17:00:00") - timedelta(days=2 if late else -2)
    put(
        world, f"{known or day}T12:00:00", key, MaTTHC="2.000815", TrangThaiHoSo="9", NgayTiepNhan=f"{day}T08:00:00",
        NgayKetThucXuLy=f"{day}T10:00:00", NgayHenTra=due.isoformat()[:19], DanhSachGiayToKetQua=[result], **fields,
    )  # fmt: skip


def district() -> World:
    """Certified copies around two turns of the year, and figures that units declare for December."""
    world = World()
    for unit in (COMMUNE, OFFICE):
        procedure(world, "2022-01-01T00:00:00", MaTTHC="2.000815", MaDonVi=unit, LaChungThuc="1", CoKetQuaGiayTo="1", CoHoSoMau="1")
    for n in range(2):
        ended(world, f"A{n}", "2022-12-20", late=n == 0)
    for n in range(3):
        ended(world, f"B{n}", "2023-01-10")
    for n in range(50):
        ended(world, f"C{n}", f"2023-12-{n % 20 + 1:02d}", late=n == 0)  # 98 %: enough for 2023
    for n in range(20):
        ended(world, f"D{n}", "2024-01-01", late=n == 0, MaDonVi=COMMUNE if n % 2 else OFFICE)  # 95 %
    for month in ("2022-12-01", "2023-12-01"):
        drop(world, "declared", month, "2023-12-31T00:00:00", {"MaChiTieu": TRAINING, "TuSo": 11, "MauSo": 20}, unit="H19.16.2")
    return world
