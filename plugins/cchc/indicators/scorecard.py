"""What people read of the indicators: the scorecard of a period, the explanation of one number, the export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from cchc.errors import WrongUse
from cchc.indicators.catalogue import Indicator, indicator
from cchc.indicators.plan import DISTRICT
from cchc.indicators.refresh import binds
from cchc.period import Period, midnight
from cchc.reports.vietnamese import percent
from cchc.settings import Settings
from cchc.warehouse import engine, known_at, query, sql


def scorecard(settings: Settings, period: Period, unit: str | None = None) -> list[dict[str, Any]]:
    """Rows of mart.scorecard of one period, in the plan's order: the scopes where targets stand, or one unit. Empty = not computed."""
    with engine(settings).connect() as connection:
        if unit is not None:
            _known_scope(connection, unit)
        return query(
            connection,
            "select * from mart.scorecard where plan_code = :plan and period_kind = :kind and period_start = :start and "
            + ("unit_code = :unit " if unit else "unit_code in ('all', 'level:district', 'level:commune') ")
            + "order by target_order nulls last, indicator_code, unit_code",
            {"plan": settings.plan, "kind": period.kind, "start": period.start, "unit": unit},
        )


def _known_scope(connection: Any, unit: str) -> None:
    known = connection.execute(
        text(
            "select 1 from (select unit_code from core.unit union select 'level:' || level from core.unit union select 'all') as s "
            "where unit_code = :u"
        ),
        {"u": unit},
    ).scalar()
    if known is None:
        raise WrongUse(f"'{unit}' is no unit; a unit code such as {DISTRICT}.3, level:district, level:commune, or all")


def render(rows: list[dict[str, Any]], period: Period) -> str:
    """The scorecard as a text table in Vietnamese: only the scopes of each target, then the indicators without a target."""
    shown = [row for row in rows if row["target_no"] or row["unit_code"] == "all"]
    header = ["Số", "Chỉ tiêu", "Phạm vi", "Trong kỳ", "Lũy kế", "Mục tiêu", "Đánh giá", "Còn thiếu", "Kỳ trước", "Cùng kỳ", "Độ phủ"]
    table = [header]
    for row in shown:
        if row["target_no"] and row["target_percent"] is not None and row["unit_code"] == "all" and row["level"] != "all":
            continue
        kind = row["indicator_kind"]
        table.append(
            [
                row["target_no"] or "",
                row["name_vi"],
                row["unit_name"],
                percent(row["period_value"], kind),
                f"{percent(row['year_value'], kind)} ({_count(row)})",
                percent(row["target_percent"]) if row["target_percent"] is not None else "",
                row["status_vi"] or "",
                "" if not row["gap_count"] else str(row["gap_count"]),
                percent(row["last_period_value"], kind),
                percent(row["year_before_value"], kind),
                percent(row["coverage_percent"]) + ("*" if row["is_provisional"] else ""),
            ]
        )
    widths = [max(len(line[index]) for line in table) for index in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    note = "* số liệu tạm tính: còn đơn vị chưa gửi số liệu, hoặc kỳ chưa kết thúc"
    return f"Bảng điểm chỉ tiêu cải cách hành chính – {period.name_vi}\n\n" + "\n".join(lines) + f"\n\n{note}"


def _count(row: dict[str, Any]) -> str:
    if row["year_denominator"] is None:
        return str(row["year_numerator"])
    return f"{row['year_numerator']}/{row['year_denominator']}"


@dataclass(frozen=True)
class Explanation:
    """One number, taken apart: its definition, the clauses of the plan, the query with its binds, and the counted rows."""

    indicator: Indicator
    value: dict[str, Any] | None
    clauses: list[dict[str, Any]]
    query: str
    binds: dict[str, Any]
    rows: list[dict[str, Any]]


def explain(settings: Settings, code: str, unit: str, period: Period, basis: str = "period") -> Explanation:
    """Everything behind one number. Raises WrongUse for an unknown indicator or unit, or a period that is not known yet.

    The rows are counted anew from core and mart, by the very SQL file that the refresh uses; their sums are the stored ones.
    """
    item = indicator(settings, code)
    statement = sql(settings, item.sql)
    with engine(settings).begin() as connection:
        _known_scope(connection, unit)
        clock = known_at(connection, item.source)
        if clock is None or midnight(period.start) >= clock:
            raise WrongUse(f"nothing is known of {period.code} yet: T of {item.source} is {clock.isoformat() if clock else 'not set'}")
        values = binds(item.source, period, basis, clock)
        scope = "true"
        if unit.startswith("level:"):
            scope = "u.level = :level"
        elif unit != "all":
            scope = "x.unit_code = :unit"
        rows = query(
            connection,
            f"select {'distinct on (x.item)' if item.item == 'person' else ''} x.unit_code, u.name as unit_name, x.item, x.is_numerator "
            f"from (\n{statement}\n) as x inner join core.unit as u on u.unit_code = x.unit_code and u.root_code = :root "
            f"where {scope} order by x.item, x.unit_code",
            _used(statement, values)
            | {"root": DISTRICT}
            | ({"level": unit[6:]} if unit.startswith("level:") else {"unit": unit} if unit != "all" else {}),
        )
        value = query(
            connection,
            "select * from mart.indicator_value where plan_code = :plan and indicator_code = :code and formula_version = :version "
            "and unit_code = :unit and period_kind = :kind and period_start = :start and basis = :basis",
            {
                "plan": settings.plan,
                "code": code,
                "version": item.version,
                "unit": unit,
                "kind": period.kind,
                "start": period.start,
                "basis": basis,
            },
        )
        clauses = query(
            connection,
            "select target_no, section, clause_vi, level, operator, target, lead_agency from core.plan_target "
            "where plan_code = :plan and indicator_code = :code order by target_order",
            {"plan": settings.plan, "code": code},
        )
    return Explanation(item, value[0] if value else None, clauses, statement, values, rows)


def _used(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    wanted = set(text(statement).compile().params)
    return {key: value for key, value in values.items() if key in wanted}
