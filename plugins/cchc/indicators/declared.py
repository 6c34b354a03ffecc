"""Indicators that units declare because no source system has their data: count the declared figures, and list those behind a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from cchc.period import Period, midnight, month_start
from cchc.reference.catalogue import Indicator
from cchc.reference.roles import Clocks, role_clocks
from cchc.settings import Settings
from cchc.warehouse import run_file
from cchc.warehouse.queries import ask

ROLE = "declared"


def measure(connection: Connection, settings: Settings, indicators: list[Indicator], periods: Mapping[Period, str], clocks: Clocks) -> None:
    """Count the declared figures of some periods into the temporary table `measured`, together with the same months of the year before.

    Both bases get the same values. `periods`: for each period the code of the plan that it belongs to; its list says which units have to
    declare. The number of a period in `measured` is its place among them.
    """
    for source, known_at in clocks.of(ROLE).items():
        asked = [
            {"period_number": number, "plan_code": plan, "last_day": period.effective_last_day(known_at).isoformat()}
            for number, (period, plan) in enumerate(periods.items())
        ]
        run_file(
            connection,
            settings,
            "queries/values/declared_measured",
            source=source,
            listed=json.dumps([{"code": item.code, "version": item.version, "kind": item.kind} for item in indicators]),
            root=clocks.root,
            periods=json.dumps(asked),
            known_at=known_at,
        )


def figures(connection: Connection, code: str, unit: str, period: Period) -> list[dict[str, Any]]:
    """The declared figures behind one value, with their file, row, proof and approval (rows of mart.declared_figure).

    These are the figures in force for the month of the period's last day. Arguments: `code`, the indicator; `unit`, the scope. The list is
    empty if nothing was ever declared, or if the period has not begun at known_at of the declared figures.
    """
    known_at = role_clocks(connection).known_at(ROLE)
    if known_at is None or midnight(period.start) >= known_at:
        return []
    last_day = period.effective_last_day(known_at)
    return ask(connection, "declared/figure_behind", code=code, month=month_start(last_day), unit=unit, d=last_day)
