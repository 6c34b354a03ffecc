"""Values of the indicators that units declare (indicators.md §4, last paragraph), and what stands behind one of them."""

from __future__ import annotations

import json
from calendar import monthrange
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cchc.declared.duties import SOURCE
from cchc.indicators.catalogue import Indicator
from cchc.indicators.plan import DISTRICT
from cchc.period import Period, midnight, month_start, now
from cchc.settings import Settings
from cchc.warehouse import known_at, query, run_file

__all__ = ["SOURCE", "compute", "figures"]


def compute(connection: Connection, settings: Settings, indicators: list[Indicator], period: Period, clock: datetime) -> int:
    """Compute one period for the declared indicators, both bases alike; how many values changed."""
    last_day = period.effective_last_day(clock)
    days = monthrange(last_day.year, last_day.month)[1]
    return run_file(
        connection,
        settings,
        "mart/declared_value",
        plan=settings.plan,
        source=SOURCE,
        listed=json.dumps([{"code": item.code, "version": item.version, "kind": item.kind} for item in indicators]),
        root=DISTRICT,
        kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        last_day=last_day,
        known_at=clock,
        # the share of a year's target due by D, in whole numbers: (full months gone + day ÷ days of the month) ÷ 12 (indicators.md §2)
        pace_numerator=(last_day.month - 1) * days + last_day.day,
        pace_denominator=12 * days,
        is_year_over=(last_day.month, last_day.day) == (12, 31),
        is_running=last_day < period.last_day,
        now=now(),
    ).rowcount


def figures(connection: Connection, code: str, unit: str, period: Period) -> list[dict[str, Any]]:
    """The declared figures in force behind one number: those of the month of D in a scope, with file, row, proof and approval.

    None where nothing was ever declared, or the period has not begun at the T of the declared figures.
    """
    clock = known_at(connection, SOURCE)
    if clock is None or midnight(period.start) >= clock:
        return []
    last_day = period.effective_last_day(clock)
    return query(
        connection,
        "select f.* from mart.declared_figure as f "
        "inner join core.unit_scope(:d) as s on s.unit_code = f.unit_code and :d between s.from_date and s.to_date "
        "where f.indicator_code = :code and f.month_start = :month and :unit in ('all', 'level:' || s.level, s.scope_code) "
        "order by f.unit_code",
        {"code": code, "month": month_start(last_day), "unit": unit, "d": last_day},
    )
