"""Editions: a closed period frozen with its values, the items behind them, their definitions and the clocks of the sources.

An edition is never changed. What is learnt later stands beside it as a restatement (cchc.publication.restatement); approved, it
becomes another edition. The plan's reports rest on editions, so last month's number cannot change when nobody looks.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import Period
from cchc.settings import Settings
from cchc.warehouse import engine, query

OPEN = "open_dossier"  # the pseudo-indicator under which the dossiers open at the end are frozen


def in_force(connection: Connection, settings: Settings, period: Period) -> dict[str, Any] | None:
    """The newest edition of a period (a row of mart.publication), whatever plan it was published under; None where there is none.

    Of a period that was published under two plans, what the plan that holds in it has published (as mart.published_value).
    """
    rows = query(
        connection,
        "select p.* from mart.publication as p left join core.plan as h on h.plan_code = p.plan_code "
        "and p.period_end - 1 between h.valid_from and h.valid_to where p.period_kind = :kind and p.period_start = :start "
        "order by h.plan_code is not null desc, p.edition desc, p.publication_id desc limit 1",
        {"kind": period.kind, "start": period.start},
    )
    return rows[0] if rows else None


def new_indicators(connection: Connection, publication: dict[str, Any], period: Period) -> list[dict[str, Any]]:
    """The indicators (indicator_code, name_vi) with a value in a period that did not exist when it was published: new, no restatement."""
    return query(
        connection,
        "select distinct on (v.indicator_code) v.indicator_code, i.name_vi from mart.indicator_value as v "
        "inner join core.indicator as i on i.indicator_code = v.indicator_code and i.formula_version = v.formula_version "
        "where v.period_kind = :kind and v.period_start = :start and v.indicator_code <> all(:defined) "
        "order by v.indicator_code, v.formula_version desc",
        {"kind": period.kind, "start": period.start, "defined": list(publication["definitions"])},
    )


def publications(settings: Settings) -> list[dict[str, Any]]:
    """Every edition with its open restatements, whatever plan it was published under, the newest period first."""
    with engine(settings).connect() as connection:
        return query(
            connection,
            "select p.*, (select count(*) from mart.restatement as r where r.publication_id = p.publication_id and r.state = 'open') "
            "as open_restatements from mart.publication as p order by p.period_start desc, p.period_kind, p.plan_code desc, p.edition desc",
        )


def open_restatements(connection: Connection, publication_id: int) -> int:
    """How many restatements of an edition nobody has approved yet."""
    count: int = connection.execute(
        text("select count(*) from mart.restatement where publication_id = :p and state = 'open'"), {"p": publication_id}
    ).scalar_one()
    return count


def clocks_json(clocks: dict[str, datetime | None]) -> str:
    """T of each source as mart.publication keeps it."""
    return json.dumps({source: known_at.isoformat() for source, known_at in clocks.items() if known_at is not None})
