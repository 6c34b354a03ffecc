"""Editions: a closed period with its values, the items behind them, their definitions and known_at of every source.

An edition is never changed. If later data give other values, the differences are stored as restatements
(cchc.publication.restatement); when they are approved, a new edition is made. The reports of the plan use editions, so a published number
never changes silently.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import Period
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.queries import ask

OPEN = "open_dossier"  # not an indicator: the code under which the dossiers that are open at the end of the period are frozen


def in_force(connection: Connection, settings: Settings, period: Period) -> dict[str, Any] | None:
    """The newest edition of a period (a row of mart.publication); None if the period was never published.

    If the period was published under two plans, it is the newest edition under the plan that holds in the period (as in
    mart.published_value). Otherwise any plan will do.
    """
    rows = ask(connection, "publication/in_force", kind=period.kind, start=period.start)
    return rows[0] if rows else None


def new_indicators(connection: Connection, publication: dict[str, Any], period: Period) -> list[dict[str, Any]]:
    """The indicators (indicator_code, name_vi) with a value in a period that did not exist when the period was published.

    Their values are new, so they are not restatements. `publication`: a row of mart.publication.
    """
    return ask(
        connection,
        "publication/new_indicator",
        kind=period.kind,
        start=period.start,
        defined=list(publication["definitions"]),
    )


def judged_otherwise(connection: Connection, publication: dict[str, Any], period: Period) -> str | None:
    """How many values of an edition have the same numbers now and another target or status, as a sentence; None where none has.

    No restatement tells of them: a plan that is changed after the publication moves no item. `publication`: a row of mart.publication.
    """
    found = ask(
        connection,
        "publication/judged_otherwise",
        publication_id=publication["publication_id"],
        kind=period.kind,
        start=period.start,
    )
    if not found:
        return None
    named = max(found, key=lambda row: (row["status"] != row["published_status"], row["unit_code"] == "all"))
    before, after = (
        f"{row_status or 'no status'}{'' if target is None else f' at {float(target) * 100:g} %'}"
        for row_status, target in ((named["published_status"], named["published_target"]), (named["status"], named["target"]))
    )
    return (
        f"{len(found)} of its values have the same numbers and another target or status now, such as {named['indicator_code']} of "
        f"{named['unit_code']} ({named['basis']}): published {before}, now {after}. That is no restatement, and the edition stays as it is"
    )


def publications(settings: Settings) -> list[dict[str, Any]]:
    """Every edition of every plan with the number of its open restatements; the newest period comes first."""
    with engine(settings).connect() as connection:
        return ask(connection, "publication/edition")


def open_restatements(connection: Connection, publication_id: int) -> int:
    """How many restatements of an edition are not approved yet."""
    count: int = connection.execute(
        text("select count(*) from mart.restatement where publication_id = :p and state = 'open'"), {"p": publication_id}
    ).scalar_one()
    return count


def clocks_json(clocks: dict[str, datetime | None]) -> str:
    """The known_at of each source as JSON, in the form of mart.publication.source_clocks; sources without one are left out."""
    return json.dumps({source: known_at.isoformat() for source, known_at in clocks.items() if known_at is not None})
