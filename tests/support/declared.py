"""Workbooks of declared figures, as a unit fills them in."""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook

from cchc.declared.intake import COLUMNS
from tests.support.files import workbook


def declared_file_name(unit: str, month: str, revision: int = 1) -> str:
    """The name of a unit's workbook for a month."""
    return f"tukhai_{unit}_{month}{f'_r{revision}' if revision > 1 else ''}.xlsx"


def figure(code: str, upper: Any, lower: Any = None, *, approved: bool = True, **more: Any) -> dict[str, Any]:
    """A row of such a workbook; `more` are other cells of it."""
    row = {"MaChiTieu": code, "TuSo": upper, "MauSo": lower, "NguoiKhai": "Trần Thị Khai"}
    return row | ({"NguoiDuyet": "Nguyễn Văn Duyệt", "NgayDuyet": "30/06/2023"} if approved else {}) | more


def declared_workbook(rows: list[dict[str, Any]]) -> Workbook:
    """A plain workbook with the contract's header and these rows."""
    return workbook(rows, COLUMNS, sheet="SoLieu")
