"""Rows of the warehouse from which reports are built."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import midnight

KNOWN = midnight(date(2024, 1, 2))


def insert_row(connection: Connection, table: str, **values: Any) -> None:
    """A row of a table, with nothing but these values."""
    connection.execute(text(f"insert into {table} ({', '.join(values)}) values ({', '.join(f':{name}' for name in values)})"), values)


def dossier(connection: Connection, number: int, unit: str, received: str, due: str | None, finished: str | None, **given: Any) -> None:
    """A dossier of mart.dossier; open ones go into mart.dossier_open of 31 December too."""

    def at(day: str | None) -> datetime | None:
        return None if day is None else midnight(date.fromisoformat(day)).replace(hour=9)

    late = None if finished is None or due is None else "late" if finished > due else "on_time" if finished == due else "early"
    paused = given.pop("paused_since", None)
    values: dict[str, Any] = {
        "dossier_id": number, "source_code": "one_stop", "dossier_code": f"{unit}-231201-{number:04d}", "unit_code": unit, "receiving_unit_code": unit,
        "procedure_code": "1.000001", "procedure_name": "Thủ tục\nthứ nhất", "field_code": "LV1", "field_name": "Hộ tịch", "channel": "online",
        "received_at": at(received), "received_date": received, "finished_at": at(finished), "finished_date": finished,
        "outcome": None if finished is None else "resolved", "due_at": at(due), "due_date": due, "timeliness": late, "is_digitized": False,
        "has_signed_result": False, "supplement_count": 0, "apology_count": None, "is_counted": True, "_changed_at": at(received),
        "_first_seen_at": KNOWN, "_load_id": 1,
    }  # fmt: skip
    insert_row(connection, "mart.dossier", **values | given)
    if finished is None:
        insert_row(
            connection, "mart.dossier_open", source_code="one_stop", as_of_date="2023-12-31", dossier_id=number, dossier_code=values["dossier_code"],
            unit_code=unit, field_code="LV1", received_date=received, due_date=due, is_paused=paused is not None, paused_since_date=paused,
            is_past_due=due is not None and due < (paused or "2023-12-31"),
        )  # fmt: skip


def value(
    connection: Connection, plan: str, code: str, unit: str, level: str, numerator: int, denominator: int | None, **given: Any
) -> None:
    """An indicator's value of December 2023 on both bases."""
    for basis in ("period", "year_to_date"):
        values: dict[str, Any] = {
            "plan_code": plan, "indicator_code": code, "formula_version": 1, "unit_code": unit, "level": level, "period_kind": "month",
            "period_start": "2023-12-01", "period_end": "2024-01-01", "basis": basis, "numerator": numerator, "denominator": denominator,
            "value": Decimal(numerator) / denominator if denominator else numerator, "is_provisional": False, "computed_at": KNOWN,
        }  # fmt: skip
        insert_row(connection, "mart.indicator_value", **values | given)
