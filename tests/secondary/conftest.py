"""Drop folders of feedback and survey, and a warehouse that takes what is in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cchc.settings import Settings
from tests.support import desk as desks
from tests.support.files import bytes_of, workbook
from tests.support.warehouse import NewWarehouse

FEEDBACK = (
    "MaPhanAnh", "KenhTiepNhan", "NgayGui", "NgayTiepNhan", "VeTTHC", "MaDonViXuLy", "HanXuLy", "NgayTraLoi", "NgayCongKhai", "TrangThai",
    "DanhGia", "MaHoSoLienQuan", "MaTrung",
)  # fmt: skip
SURVEY = ("MaPhieu", "NgayKhaoSat", "MaDonVi", "MaHoSo", "MucDoHaiLong")
ITEM = {
    "KenhTiepNhan": "1022", "NgayGui": "02/05/2023 08:00", "NgayTiepNhan": "02/05/2023 09:00", "VeTTHC": "1", "MaDonViXuLy": "H19.16.3",
    "HanXuLy": "15/05/2023 17:00", "TrangThai": "dang_xu_ly",
}  # fmt: skip
ANSWER = {"NgayKhaoSat": "10/05/2023", "MaDonVi": "H19.16.3", "MucDoHaiLong": "5"}


def item(code: str, **changes: Any) -> dict[str, Any]:
    """A row of feedback."""
    return ITEM | {"MaPhanAnh": code} | changes


def answered(code: str, at: str, rating: str = "", **changes: Any) -> dict[str, Any]:
    """A row of feedback that is answered."""
    return item(code, NgayTraLoi=at, TrangThai="da_xu_ly", DanhGia=rating, **changes)


def answer(code: str, **changes: Any) -> dict[str, Any]:
    """A row of the survey."""
    return ANSWER | {"MaPhieu": code} | changes


def table(rows: list[dict[str, Any]], columns: tuple[str, ...], delimiter: str = ",", bom: bool = False, end: str = "\n") -> bytes:
    """A CSV file."""
    lines = [delimiter.join(columns), *(delimiter.join(str(row.get(name, "")) for name in columns) for row in rows)]
    return (("\ufeff" if bom else "") + "\n".join(lines) + end).encode()


def table_or_workbook(name: str, rows: list[dict[str, Any]], columns: tuple[str, ...], **form: Any) -> bytes:
    """The content of a file of this name; `form` is that of a CSV file."""
    return bytes_of(workbook(rows, columns)) if name.endswith("xlsx") else table(rows, columns, **form)


class Desk(desks.Desk):
    """A desk at which feedback, survey and assessments arrive."""

    def feedback(self, name: str, *rows: dict[str, Any], **form: Any) -> Path:
        """A file of feedback."""
        return self.drop("feedback", name, table_or_workbook(name, list(rows), FEEDBACK, **form))

    def survey(self, name: str, *rows: dict[str, Any], **form: Any) -> Path:
        """A file of the survey."""
        return self.drop("survey", name, table_or_workbook(name, list(rows), SURVEY, **form))

    def assessments(self, name: str, *rows: tuple[str, str, str]) -> None:
        """A file of assessments (code, time, answer) of the one-stop."""
        lines = ["MaDanhGia,MaHoSo,MaDonVi,ThoiGianDanhGia,DanhGia,NgaySuaCuoi", *(f"{c},,H19.16.3,{at},{how},{at}" for c, at, how in rows)]
        self.drop("one_stop", name, ("\n".join(lines) + "\n").encode())


@pytest.fixture
def desk(warehouse: Settings, tmp_path: Path) -> Desk:
    return Desk(warehouse, tmp_path / "drop")


@pytest.fixture
def new_desk(new_warehouse: NewWarehouse, tmp_path: Path) -> Callable[[str], Any]:
    """A function: another warehouse, as a context."""
    from contextlib import contextmanager

    @contextmanager
    def make(name: str) -> Any:
        with new_warehouse(tmp_path / name) as settings:
            yield Desk(settings, tmp_path / name / "drop")

    return make
