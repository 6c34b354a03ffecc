"""A drop folder, workbooks as a unit fills them in, and the pipeline over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import text

from cchc.declared.intake import COLUMNS
from cchc.period import ZONE, parse_period
from cchc.pipeline import ingest as pipeline
from cchc.pipeline.ingest import Outcome
from cchc.pipeline.refresh import refresh
from cchc.settings import Settings
from cchc.sources.connection import Connection
from cchc.warehouse import engine, query
from tests.support.warehouse import NewWarehouse

Row = dict[str, Any]


def at(day: str) -> datetime:
    """A T."""
    return datetime.fromisoformat(day).replace(tzinfo=ZONE)


def name_of(unit: str, month: str, revision: int = 1) -> str:
    return f"tukhai_{unit}_{month}{f'_r{revision}' if revision > 1 else ''}.xlsx"


def workbook(rows: list[Row]) -> Workbook:
    """A plain workbook with the contract's header and these rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "SoLieu"
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([row.get(column) for column in COLUMNS])
    return book


def figure(code: str, upper: Any, lower: Any = None, *, approved: bool = True, **more: Any) -> Row:
    row = {"MaChiTieu": code, "TuSo": upper, "MauSo": lower, "NguoiKhai": "Trần Thị Khai"}
    return row | ({"NguoiDuyet": "Nguyễn Văn Duyệt", "NgayDuyet": "30/06/2023"} if approved else {}) | more


class Desk:
    """What a person at the district does: put files into the folder, ingest, refresh, read."""

    def __init__(self, settings: Settings, inbox: Path):
        self.settings, self.inbox = settings, inbox

    def put(self, unit: str, month: str, rows: list[Row], revision: int = 1) -> Path:
        path = self.inbox / name_of(unit, month, revision)
        workbook(rows).save(path)
        return path

    def ingest(self, known: str) -> Outcome:
        return pipeline.ingest(self.settings, "declared", Connection("declared", str(self.inbox)), end=at(known))

    def refresh(self, *months: str) -> None:
        """What waits in these months; without any, all that waits."""
        refresh(self.settings, [parse_period(month).start for month in months] or None)

    def rows(self, statement: str, **binds: Any) -> list[Row]:
        with engine(self.settings).connect() as connection:
            return query(connection, statement, binds)

    def run(self, statement: str, **binds: Any) -> None:
        with engine(self.settings).begin() as connection:
            connection.execute(text(statement), binds)

    def value(self, code: str, period: str, unit: str = "all", basis: str = "period") -> Row:
        asked = parse_period(period)
        (row,) = self.rows(
            "select * from mart.indicator_value where indicator_code = :c and period_kind = :k and period_start = :s and unit_code = :u "
            "and basis = :b",
            c=code, k=asked.kind, s=asked.start, u=unit, b=basis,
        )  # fmt: skip
        return row

    def status(self, code: str, period: str, unit: str = "all") -> str:
        return str(self.value(code, period, unit)["status"])

    def add_document(self, sign: str, day: str, code: str = "VB1", unit: str = "H19.16.2") -> None:
        """A document as the document system's extract brings it."""
        self.run(
            "insert into core.document_version (source_code, document_code, document_sign, issued_date, issuing_unit_code, secrecy_code, "
            "_changed_at, _first_seen_at, _is_current, _load_id) values ('documents', :c, :s, cast(:d as date), :u, 'thuong', :t, :t, true, 1)",
            c=code, s=sign, d=day, u=unit, t=at("2023-07-02"),
        )  # fmt: skip


@pytest.fixture
def desk(warehouse: Settings, tmp_path: Path) -> Desk:
    return _desk(warehouse, tmp_path / "inbox")


@pytest.fixture(scope="module")
def shared(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for the tests of a module that only read it."""
    with new_warehouse(tmp_path_factory.mktemp("shared")) as settings:
        yield settings


def _desk(settings: Settings, inbox: Path) -> Desk:
    inbox.mkdir()
    return Desk(settings, inbox)


def connection_variable(inbox: Path) -> dict[str, str]:
    return {"AIRFLOW_CONN_SRC_DECLARED": json.dumps({"conn_type": "fs", "host": str(inbox)})}
