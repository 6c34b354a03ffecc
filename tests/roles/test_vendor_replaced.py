"""A vendor is replaced in the middle of a year: what both systems have is counted once, and what is counted twice or by an old list is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cchc.settings import PROJECT
from tests.roles.vendors import Site, profiles
from tests.support.cli import cchc
from tests.support.deliveries import dossier
from tests.support.warehouse import NewWarehouse

UNIT = "H19.16.21"
VALUE = (
    "select numerator, denominator from mart.indicator_value where indicator_code = :c and period_kind = 'month' and basis = 'period' "
    "and unit_code = 'all' and period_start = cast(:m as date)"
)


class Replaced(Site):
    """The old system, which ends with May, and the one that takes over: each has a drop folder."""

    folder: Path

    def put(self, source: str, name: str, *records: dict[str, Any]) -> None:
        """A file of a system."""
        (self.folder / source).mkdir(exist_ok=True)
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (self.folder / source / f"{name}.ndjson").write_text(lines, encoding="utf-8")

    def refresh(self) -> None:
        """May and June; the years before are empty."""
        self.execute("delete from ops.dirty_month where month_start < '2023-05-01'")
        self.call("refresh")

    def counted(self, code: str, month: str) -> tuple[int, int] | None:
        """Numerator and denominator of the whole; None where there is no value."""
        rows = self.rows(VALUE, c=code, m=f"{month}-01")
        return (rows[0]["numerator"], rows[0]["denominator"]) if rows else None

    def told(self, words: str) -> list[str]:
        """The lines of doctor with these words."""
        with self.active():
            return [line for line in cchc("doctor").out.splitlines() if words in line]


def procedure(code: str, **fields: str) -> dict[str, Any]:
    """An entry of a list, in force and published."""
    return {
        "MaTTHC": code, "MaDonVi": UNIT, "HieuLucTu": "20220101000000", "HieuLucDen": "", "TrangThai": "cong_khai",
        "NgayCongKhai": "20220101000000", "CapThucHien": "xa", "MucDo": "4",
    } | fields  # fmt: skip


def received(code: str, at: str, end: str = "", **fields: str) -> dict[str, Any]:
    """A dossier, open where it has no end; it changed with the last that happened."""
    days = {"NgayTiepNhan": at, "NgayKetThucXuLy": end, "NgayHenTra": "20230615170000", "NgaySuaCuoi": end or at}
    return dossier(code, **days, TrangThaiHoSo="9" if end else "4", **fields)


@pytest.fixture
def site(new_warehouse: NewWarehouse, tmp_path: Path) -> Iterator[Replaced]:
    """Both systems up to T: the old one delivered last on 1 June, the new one has what it took over, and June."""
    second = copy.deepcopy(yaml.safe_load((PROJECT / "include" / "sources" / "one_stop.yaml").read_text(encoding="utf-8")))
    second["source"] = "second_one_stop"
    with new_warehouse(tmp_path / "home") as settings:
        made = Replaced(settings, profiles(tmp_path / "sources", ("one_stop",), second))
        made.folder = tmp_path
        for source in ("one_stop", "second_one_stop"):
            made.connect(source, tmp_path / source)
            made.put(
                source, "dossier_steps_1", {"MaBuoc": "B", "MaHoSo": "x", "ThoiDiemXuLy": "20230502080000", "NgaySuaCuoi": "20230502080000"}
            )
            made.put(source, "assessments_1", {"MaDanhGia": "D", "MaDonVi": UNIT, "ThoiGianDanhGia": "20230502080000", "DanhGia": "hai_long", "NgaySuaCuoi": "20230502080000"})  # fmt: skip
        made.call("init")
        made.put(
            "one_stop", "procedures_1", procedure("1.000001"), procedure("1.000002"), procedure("1.000003", HieuLucDen="20230101000000")
        )
        made.put(
            "one_stop",
            "dossiers_1",
            received("A-230502-0001", "20230502080000", "20230509100000"),
            received("B-230525-0001", "20230525080000"),
            received("C-230526-0001", "20230526080000"),
            received("D-230530-0001", "20230530080000"),
            received("E-230531-0001", "20230531080000"),
        )
        made.call("ingest", "one_stop", "--to", "2023-06-01")
        made.put(
            "second_one_stop",
            "procedures_1",
            procedure("1.000001"),
            procedure("1.000002", TrangThai="bai_bo", HieuLucDen="20230610000000"),
            procedure("1.000003", HieuLucDen="20230610000000"),
        )
        made.put(
            "second_one_stop",
            "dossiers_1",
            received("B-230525-0001", "20230525080000", "20230602100000"),
            received("N-0003", "20230526080000", "20230605100000", MaHoSoKhac="C-230526-0001"),
            received("d-230530-0001", "20230530080000", "20230606100000"),
            received("N-0005", "20230531080000", "20230607100000"),
            received("N-0006", "20230608080000", "20230609100000"),
        )
        made.call("ingest", "second_one_stop", "--to", "2023-07-05")
        made.refresh()
        yield made


def test_what_is_counted_twice_or_by_the_old_list_is_told(site: Replaced) -> None:
    assert site.counted("online_dossier_rate", "2023-06") is None, "the old system is known until 1 June, and holds the role back"
    assert len(site.told("role dossiers: values end at T of one_stop (2023-06-01 00:00)")) == 1
    for old in (site.folder / "one_stop").iterdir():
        old.unlink()
    site.call("ingest", "one_stop", "--to", "2023-07-05")  # docs/guides/several_sources.md: an empty folder in the place of the old system
    site.refresh()
    assert site.counted("online_dossier_rate", "2023-06") == (0, 1)
    assert site.counted("online_dossier_rate", "2023-05") == (0, 8), "five were received in May, and three of them count twice"
    assert site.counted("dossier_on_time_rate", "2023-06") == (5, 5)
    twice = site.rows(
        "select source_code, item, detail from mart.finding where finding_code = 'two_codes' and month_start >= '2023-05-01' order by item"
    )
    assert [(row["source_code"], row["item"], row["detail"]["also"], row["detail"]["sign"]) for row in twice] == [
        ("one_stop", "D-230530-0001", "d-230530-0001", "spelling"),
        ("one_stop", "E-230531-0001", "N-0005", "reception"),
        ("second_one_stop", "N-0003", "C-230526-0001", "second_code"),
    ]
    assert site.counted("procedure_publication_rate", "2023-06") == (2, 2)
    (line,) = site.told("are in force by its list of")
    assert "one_stop: 1 procedures are in force by its list of 2023-06-01 00:00 and have ended in that of second_one_stop" in line
    assert f"such as 1.000002 of {UNIT}" in line
    site.put(
        "one_stop", "procedures_2", procedure("1.000001", HieuLucDen="20230531000000"), procedure("1.000002", HieuLucDen="20230531000000")
    )
    site.call("ingest", "one_stop", "--to", "2023-07-06")
    site.call("ingest", "second_one_stop", "--to", "2023-07-06")
    site.refresh()
    assert site.counted("procedure_publication_rate", "2023-06") == (1, 1)
    assert site.counted("dossier_on_time_rate", "2023-06") == (5, 5)
    assert site.told("are in force by its list of") == []
