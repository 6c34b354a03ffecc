"""The figures of an edition as CSV and as SDMX-CSV, its targets, its indicators. Numbers are as PostgreSQL writes them; null is empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from cchc.authority import authority
from cchc.period import Period
from cchc.reference.catalogue import Indicator

SMALL = 5  # a denominator below it is marked as small; the cell stays (docs/guides/bundles.md)
FIGURES = (
    "period", "tree", "unit_code", "unit_name", "level", "indicator_code", "formula_version", "basis", "numerator", "denominator", "value",
    "target", "status", "gap_count", "coverage", "is_provisional", "is_small", "no_target_reason", "compared_numerator",
    "compared_denominator",
)  # fmt: skip
TARGETS = ("target_no", "indicator_code", "level", "kind", "operator", "target", "clause_vi")
INDICATORS = ("indicator_code", "formula_version", "kind", "name_vi", "name_en", "numerator_vi", "denominator_vi", "queries", "sha256")
SDMX = (
    "STRUCTURE", "STRUCTURE_ID", "ACTION", "UNIT", "INDICATOR", "TIME_PERIOD", "BASIS", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS",
    "NUMERATOR", "DENOMINATOR", "TARGET", "JUDGEMENT", "GAP", "EDITION", "KNOWN_AT",
)  # fmt: skip
NORMAL, PROVISIONAL, CANNOT_EXIST, NOT_COLLECTED = "A", "P", "M", "L"  # OBS_STATUS, by the SDMX code list CL_OBS_STATUS
FREE = "F"  # CONF_STATUS: free for publication


def as_csv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows as CSV: UTF-8, commas, the columns in this order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = list(columns)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in names])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def figures(period: Period, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of figures.csv, in the order of indicator, unit and basis."""
    ordered = sorted(values, key=lambda row: (row["indicator_code"], row["unit_code"], row["basis"]))
    return [
        {"period": period.code, **row, "is_small": row["denominator"] is not None and 0 < row["denominator"] < SMALL} for row in ordered
    ]


def sdmx(period: Period, edition: int, rows: list[dict[str, Any]], known_at: Mapping[str, datetime]) -> list[dict[str, Any]]:
    """The same figures as SDMX-CSV 2.0. `known_at`: of each indicator."""
    agency = sdmx_id(f"VN_{authority().code}")
    return [
        {
            "STRUCTURE": "dataflow",
            "STRUCTURE_ID": f"{agency}:CCHC_INDICATOR(1.0)",
            "ACTION": "I",
            "UNIT": "_T" if row["unit_code"] == "all" else sdmx_id(row["unit_code"]).upper(),
            "INDICATOR": row["indicator_code"].upper(),
            "TIME_PERIOD": time_period(period),
            "BASIS": row["basis"].upper(),
            "OBS_VALUE": row["value"],
            "OBS_STATUS": _status(row),
            "CONF_STATUS": FREE,
            "NUMERATOR": row["numerator"],
            "DENOMINATOR": row["denominator"],
            "TARGET": row["target"],
            "JUDGEMENT": row["status"],
            "GAP": row["gap_count"],
            "EDITION": edition,
            "KNOWN_AT": known_at[row["indicator_code"]].isoformat(),
        }
        for row in rows
    ]


def _status(row: Mapping[str, Any]) -> str:
    """A figure without a value does not exist where nothing is to be counted; a figure that nobody declared was not collected."""
    if row["value"] is None:
        return NOT_COLLECTED if row["numerator"] is None else CANNOT_EXIST
    return PROVISIONAL if row["is_provisional"] else NORMAL


def sdmx_id(code: str) -> str:
    """A code in the letters that SDMX allows in identifiers."""
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in code)


def time_period(period: Period) -> str:
    """A period as SDMX writes it: 2023-12, 2023-Q4, 2023-S2, 2023; others as first day and length."""
    last = period.last_day
    months = {"nine_months": 9, "report_month": 1, "report_quarter": 3}.get(period.kind)
    if months:
        return f"{period.start.isoformat()}/P{months}M"
    return f"{last.year}-S{(last.month + 5) // 6}" if period.kind == "half_year" else period.code


def indicators(items: Iterable[Indicator], definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of indicators.csv. `definitions`: of the edition, as in mart.publication."""
    return [
        {
            "indicator_code": item.code,
            "formula_version": item.version,
            "kind": item.kind,
            "name_vi": item.name_vi,
            "name_en": item.name_en,
            "numerator_vi": item.numerator_vi,
            "denominator_vi": item.denominator_vi,
            "queries": " ".join(f"{item.part(role)}.sql" for role in item.roles),
            "sha256": definitions[item.code]["sha256"],
        }
        for item in items
    ]
