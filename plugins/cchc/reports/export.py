"""Export of indicator values: CSV for spreadsheets (UTF-8 with BOM), JSON for programs, XLSX."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from typing import Any

import pandas as pd

from cchc.errors import CchcError, NothingKnown
from cchc.period import Period
from cchc.reports.scorecard import reading
from cchc.reports.workbook import new_workbook, write_cell
from cchc.settings import Settings
from cchc.warehouse import query

COLUMNS = (
    "plan_code", "indicator_code", "formula_version", "unit_code", "level", "period_kind", "period_start", "period_end", "basis",
    "numerator", "denominator", "value", "target", "status", "gap_count", "coverage", "is_provisional", "computed_at", "no_target_reason",
)  # fmt: skip


def export(settings: Settings, codes: list[str], period: Period, form: str, *, moment: datetime | None = None) -> bytes:
    """The rows of mart.indicator_value of some indicators and one period, both bases, every scope; `moment`: as known then.

    Raises NothingKnown where nothing was known then, CchcError where the period is not computed: an empty file would look like an answer.
    """
    with reading(settings, moment, period) as (connection, _):
        rows = query(
            connection,
            f"select {', '.join(COLUMNS)} from mart.indicator_value where indicator_code = any(:codes) "
            "and period_kind = :kind and period_start = :start order by indicator_code, unit_code, basis",
            {"codes": codes, "kind": period.kind, "start": period.start},
        )
    if not rows and moment is not None:
        raise NothingKnown(f"of {period.code} nothing was known at {moment.isoformat()}")
    if not rows:
        raise CchcError(f"{period.code} is not computed: ingest its sources, then `cchc refresh {period.code}`")
    return {"csv": _csv, "json": _json, "xlsx": _xlsx}[form](rows)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    # columns of objects: pandas would make floats of decimals, and of counts beside which one is missing
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return str(frame.to_csv(index=False, lineterminator="\r\n")).encode("utf-8-sig")


def _json(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, default=str, indent=1).encode() + b"\n"


def _xlsx(rows: list[dict[str, Any]]) -> bytes:
    """A workbook with one sheet."""
    out = io.BytesIO()
    book = new_workbook(out, rows[0]["period_end"])
    formats = {date: book.add_format({"num_format": "yyyy-mm-dd"}), datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})}
    sheet = book.add_worksheet("indicator_value")
    sheet.write_row(0, 0, COLUMNS)
    for number, row in enumerate(rows, 1):
        for place, column in enumerate(COLUMNS):
            value = row[column]
            if isinstance(value, datetime):
                value = value.replace(tzinfo=None)  # a workbook knows no zones: local time of the plan
            write_cell(sheet, number, place, value, formats.get(type(value)))
    book.close()
    return out.getvalue()
