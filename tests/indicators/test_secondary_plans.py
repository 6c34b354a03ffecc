"""A refresh finds signatures, payments and work files by an index: what it costs follows the periods, not the history."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from cchc.period import parse_period
from cchc.pipeline.refresh import refresh_periods
from cchc.settings import Settings
from cchc.warehouse import engine

INDEXES = {"signature_version_signer_ix": "person_code", "payment_version_paid_at_ix": "paid_at", "work_file_version_unit_ix": "unit_code"}


def plans(settings: Settings, prepared: str = "select 1") -> list[str]:
    """The plans of all statements of a refresh that reads these tables, where indexes look cheap. `prepared`: what is done before."""
    found: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith("insert into") and re.search(r"core\.(signature|payment|work_file)\b", statement):
            with connection.connection.dbapi_connection.cursor() as beside:
                for setting in ("enable_seqscan", "enable_bitmapscan"):
                    beside.execute(f"set local {setting} = off")
                beside.execute("explain " + statement, parameters)
                found.append("\n".join(row[0] for row in beside.fetchall()))

    with engine(settings).begin() as connection:
        connection.execute(text(prepared))
    event.listen(Engine, "before_cursor_execute", explain)
    try:
        refresh_periods(settings, [parse_period("2023-12")])
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    return found


@pytest.mark.parametrize("name", INDEXES)
def test_a_fact_is_looked_up_by_its_index(settings: Settings, name: str) -> None:
    looked_up = re.compile(rf"using {name} .*\n\s+Index Cond:.*\b{INDEXES[name]}\b")
    assert any(looked_up.search(plan) for plan in plans(settings))
    assert not any(looked_up.search(plan) for plan in plans(settings, f"drop index core.{name}"))
