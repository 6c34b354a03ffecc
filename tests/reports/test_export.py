"""Exported CSV: every kind of value as Python's own csv module writes it, to the last digit. Exported XLSX: values, types, equal bytes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from cchc.errors import CchcError
from cchc.reports.export import COLUMNS, _csv, _xlsx

NASTY: tuple[dict[str, Any], ...] = (
    {
        "plan_code": 'a,"b"\n', "indicator_code": "", "numerator": 12345678901234567890, "denominator": 7, "value": Decimal("96.150"),
        "target": Decimal("1E+2"), "coverage": Decimal("0E-10"), "is_provisional": True, "period_start": date(2023, 1, 1), "status": "nan",
        "computed_at": datetime(2023, 1, 1, 3, 4, 5, 123000, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")), "unit_code": "Thị trấn Vĩnh An",
    },
    {
        "numerator": 0, "is_provisional": False, "gap_count": -1, "status": "NULL", "computed_at": datetime(2023, 1, 1, 3, 4, 5, tzinfo=UTC),
        "value": Decimal("0.10"), "no_target_reason": "no plan holds",
    },
    {},
)  # fmt: skip


def test_csv_is_what_the_csv_module_writes() -> None:
    rows = [dict.fromkeys(COLUMNS) | row for row in NASTY]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    assert _csv(rows) == b"\xef\xbb\xbf" + out.getvalue().encode()


def test_xlsx_has_values_with_their_types() -> None:
    row = dict.fromkeys(COLUMNS) | {
        "plan_code": "=1+1", "unit_code": "Thị trấn & Vĩnh An", "numerator": 24, "value": Decimal("0.96"), "is_provisional": True,
        "period_start": date(2023, 6, 1), "period_end": date(2023, 7, 1),
        "computed_at": datetime(2023, 7, 2, 3, 4, 5, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")),
    }  # fmt: skip
    sheet = load_workbook(io.BytesIO(_xlsx([row])), read_only=True).active
    assert sheet is not None
    header, values = sheet.iter_rows(values_only=True)
    assert header == COLUMNS
    assert dict(zip(COLUMNS, values, strict=True)) == row | {
        "value": 0.96,
        "period_start": datetime(2023, 6, 1),
        "period_end": datetime(2023, 7, 1),
        "computed_at": datetime(2023, 7, 2, 3, 4, 5),
    }
    assert _xlsx([row]) == _xlsx([row])


def test_a_text_that_a_cell_cannot_hold_is_told() -> None:
    row = dict.fromkeys(COLUMNS) | {"plan_code": "x" * 32_768, "period_end": date(2023, 7, 1)}
    with pytest.raises(CchcError, match=r"the sheet indicator_value cannot hold what belongs into A2: 'xx.* \(32768 letters\)"):
        _xlsx([row])
    assert _xlsx([row | {"plan_code": "x" * 32_767}])
