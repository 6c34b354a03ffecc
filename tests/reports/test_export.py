"""Exported CSV: every kind of value as Python's own csv module writes it, decimals and counts to the last digit."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cchc.reports.export import COLUMNS, _csv

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
