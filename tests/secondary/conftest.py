"""Drop folders of feedback and survey, and a warehouse that takes what is in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from cchc.period import parse_moment, parse_period
from cchc.pipeline import ingest as pipeline
from cchc.pipeline.refresh import refresh
from cchc.settings import Settings
from cchc.sources.connection import Connection
from cchc.warehouse import engine, query
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


def workbook(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> bytes:
    """The same as a workbook."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(columns))
    for row in rows:
        sheet.append([row.get(name) for name in columns])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Desk:
    """One warehouse with a drop folder for each source."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder

    def drop(self, source: str, name: str, data: bytes) -> Path:
        """Put a file into the folder of a source."""
        path = self.folder / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def feedback(self, name: str, *rows: dict[str, Any], **form: Any) -> Path:
        """A file of feedback."""
        return self.drop("feedback", name, workbook(list(rows), FEEDBACK) if name.endswith("xlsx") else table(list(rows), FEEDBACK, **form))

    def survey(self, name: str, *rows: dict[str, Any], **form: Any) -> Path:
        """A file of the survey."""
        return self.drop("survey", name, workbook(list(rows), SURVEY) if name.endswith("xlsx") else table(list(rows), SURVEY, **form))

    def assessments(self, name: str, *rows: tuple[str, str, str]) -> None:
        """A file of assessments (code, time, answer) of the one-stop."""
        lines = ["MaDanhGia,MaHoSo,MaDonVi,ThoiGianDanhGia,DanhGia,NgaySuaCuoi", *(f"{c},,H19.16.3,{at},{how},{at}" for c, at, how in rows)]
        self.drop("one_stop", name, ("\n".join(lines) + "\n").encode())

    def ingest(self, source: str, known_at: str) -> pipeline.Outcome:
        """Load what is in the folder of a source, as of T."""
        (self.folder / source).mkdir(parents=True, exist_ok=True)
        moment: datetime = parse_moment(known_at)
        return pipeline.ingest(self.settings, source, Connection(source, str(self.folder / source)), end=moment)

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of a query."""
        with engine(self.settings).connect() as connection:
            return query(connection, statement, values)

    def settle(self, *months: str) -> None:
        """Refresh these months, and take the others that wait as done: a test that asks for one month need not compute sixty."""
        refresh(self.settings, [parse_period(month).start for month in months])
        with engine(self.settings).begin() as connection:
            connection.execute(text("delete from ops.dirty_month"))

    def counts(self, indicator: str, kind: str, start: str, basis: str = "period", unit: str = "all") -> tuple[int, int] | None:
        """Numerator and denominator of a stored value."""
        found = self.rows(
            "select numerator, denominator from mart.indicator_value where indicator_code = :i and period_kind = :k "
            "and period_start = cast(:s as date) and basis = :b and unit_code = :u",
            i=indicator, k=kind, s=start, b=basis, u=unit,
        )  # fmt: skip
        return (found[0]["numerator"], found[0]["denominator"]) if found else None


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
