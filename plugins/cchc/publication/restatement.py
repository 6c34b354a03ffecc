"""Compare the values that are known now with the published ones: restatements, the items behind them, and the carry-over of form II.06a.

A refresh calls `restate` for each period that it computed. A publication itself is never changed.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.forms import form_06a as forms
from cchc.indicators.count import counted_items
from cchc.period import BASES, Period, midnight, month_start, now, parse_moment
from cchc.publication import changed_dossiers
from cchc.publication.edition import OPEN, clocks_json, in_force, judged_otherwise, new_indicators
from cchc.publication.restatement_reasons import counted_by, fill_learnt
from cchc.reference.catalogue import Indicator
from cchc.reference.roles import Clocks
from cchc.settings import Settings
from cchc.warehouse import engine, query, run_file

log = logging.getLogger(__name__)
NAMED = 3  # differences that a warning names


def restate(connection: Connection, settings: Settings, indicators: list[Indicator], period: Period, clocks: Clocks) -> int:
    """Bring the open restatements of a published period up to date for the indicators of one role. Returns how many are open then.

    Does nothing and returns 0 if the period was never published.
    """
    published = in_force(connection, settings, period)
    if published is None:
        return 0
    common = {
        "publication_id": published["publication_id"],
        "period_kind": period.kind,
        "period_start": period.start,
        "listed": json.dumps([{"code": item.code, "version": item.version} for item in indicators]),
        "source_clocks": clocks_json(clocks.sources(role for item in indicators for role in item.roles)),
        "defined": list(published["definitions"]),
        "now": now(),
    }
    connection.execute(text("drop table if exists pg_temp.difference"))
    run_file(connection, settings, "queries/publication/difference", **common)
    run_file(connection, settings, "queries/publication/restatement_withdrawn", **common)
    changed = set(connection.execute(text("select distinct indicator_code from difference")).scalars())
    if not changed:
        return 0
    run_file(connection, settings, "queries/publication/restatement", **common)
    concerned = [item for item in indicators if item.code in changed]
    followed = changed_dossiers.followed(connection, settings, concerned, period, clocks, published["publication_id"])
    counted_items(connection, settings, concerned, period, clocks, BASES, followed)
    compare_items(connection, settings, concerned, published, followed)
    if missing := changed_dossiers.unexplained(connection, [item for item in concerned if item.code in followed], period, clocks.root):
        log.warning(
            "%s: the dossiers that are noted as changed do not explain %s, so all items are compared. Report it: a change of dossiers was "
            "not noted (ops.changed_dossier)",
            period.code,
            "; ".join(missing[:NAMED]),
        )
        counted_items(connection, settings, concerned, period, clocks, BASES)
        compare_items(connection, settings, concerned, published)
    write_items(connection, settings, concerned, period, clocks, published)
    count: int = connection.execute(text("select count(*) from difference")).scalar_one()
    return count


def compare_items(
    connection: Connection,
    settings: Settings,
    indicators: list[Indicator],
    published: dict[str, Any],
    followed: frozenset[str] = frozenset(),
) -> None:
    """Compare the items that an edition froze with those that count now, of the indicators with open restatements.

    Those that count now are read from the temporary table `item_now`. The temporary table `published_item` has the frozen ones afterwards,
    and `changed_item` what differs. Arguments: `published`, the row of mart.publication; `followed`, the indicators (codes) of which only
    the dossiers in the temporary table `changed_since` are compared, which must be there (`changed_dossiers.followed`).
    """
    connection.execute(text("drop table if exists pg_temp.published_item, pg_temp.changed_item"))
    binds = {
        "publication_id": published["publication_id"],
        "listed": json.dumps([{"code": item.code} for item in indicators]),
    }
    run_file(connection, settings, "queries/publication/published_item", followed=sorted(followed), **binds)
    run_file(connection, settings, "queries/publication/changed_item", **binds)


def write_items(
    connection: Connection,
    settings: Settings,
    indicators: list[Indicator],
    period: Period,
    clocks: Clocks,
    published: dict[str, Any],
) -> None:
    """Write the items behind the open restatements of some indicators, each with its reason.

    They are read from the temporary tables of `compare_items`. Items that were written before are replaced. `published`: the row of
    mart.publication.
    """
    binds = _asked(connection, settings, indicators, period, clocks, published)
    connection.execute(
        text(
            "delete from mart.restatement_item as i using mart.restatement as r where r.restatement_id = i.restatement_id "
            "and r.publication_id = :p and r.state = 'open' and r.indicator_code = any(:codes)"
        ),
        {"p": published["publication_id"], "codes": [item.code for item in indicators]},
    )
    fill_learnt(connection, settings, indicators, binds)
    # PostgreSQL takes a temporary table that it has not counted for a small one, and compares each changed item with all others
    connection.execute(text("analyze changed_item, learnt, withdrawn_item"))
    run_file(connection, settings, "queries/publication/restatement_item", **binds)


def _asked(
    connection: Connection,
    settings: Settings,
    indicators: list[Indicator],
    period: Period,
    clocks: Clocks,
    published: dict[str, Any],
) -> dict[str, Any]:
    """The bind values of the SQL files that find the reasons: the indicators with their records, and the limits of the period."""
    known_at = next((known_at for item in indicators if (known_at := clocks.known_at(item.role)) is not None), None)
    listed = [
        {
            "code": item.code,
            "record": item.record,
            "sources": [source for role in item.roles for source in clocks.by_role.get(role, {})],
            "is_redefined": published["definitions"][item.code]["version"] != item.version,
            "counted_by": counted_by(connection, settings, item, clocks, published),
        }
        for item in indicators
    ]
    return {
        "publication_id": published["publication_id"],
        "published_clocks": json.dumps(published["source_clocks"]),
        "listed": json.dumps(listed),
        "last_day": period.last_day,
        "start_at": midnight(period.start),
        "year_start_at": midnight(period.year_start),
        "end_at": midnight(period.end),
        "month_start": month_start(period.effective_last_day(known_at) if known_at else period.last_day),
    }


def _published(connection: Connection, settings: Settings, period: Period) -> dict[str, Any]:
    """The edition in force (a row of mart.publication). Raises WrongUse if the period was never published."""
    published = in_force(connection, settings, period)
    if published is None:
        raise WrongUse(f"{period.code} was never published: `cchc close {period.code}`")
    return published


def restatements(settings: Settings, period: Period, unit: str | None = None) -> list[dict[str, Any]]:
    """The restatements of all editions of a period, each with its items, for all units or for the scope `unit`.

    The shape is [{…, "items": [{unit_code, item, change, reason, before, after, detail}]}]. Raises WrongUse if the period was never
    published.
    """
    with engine(settings).connect() as connection:
        _published(connection, settings, period)
        rows = query(
            connection,
            "select r.*, p.edition from mart.restatement as r inner join mart.publication as p on p.publication_id = r.publication_id "
            "where p.period_kind = :kind and p.period_start = :start "
            + ("and r.unit_code = :unit " if unit else "")
            + "order by p.edition, r.state, r.indicator_code, r.unit_code, r.basis",
            {"kind": period.kind, "start": period.start, "unit": unit},
        )
        items = query(
            connection,
            "select * from mart.restatement_item where restatement_id = any(:ids) order by unit_code, item",
            {"ids": [row["restatement_id"] for row in rows]},
        )
    behind: dict[int, list[dict[str, Any]]] = {}
    for item in items:
        behind.setdefault(item.pop("restatement_id"), []).append(item)
    return [row | {"items": behind.get(row["restatement_id"], [])} for row in rows]


def new_since(settings: Settings, period: Period) -> list[dict[str, Any]]:
    """The indicators (indicator_code, name_vi) that did not exist when a period was published: their values are not restatements.

    Raises WrongUse if the period was never published.
    """
    with engine(settings).connect() as connection:
        return new_indicators(connection, _published(connection, settings, period), period)


def judged_since(settings: Settings, period: Period) -> str | None:
    """Which values of the edition in force have the same numbers and are judged otherwise now, as a sentence; None where none is.

    Raises WrongUse if the period was never published.
    """
    with engine(settings).connect() as connection:
        return judged_otherwise(connection, _published(connection, settings, period), period)


def carry_over(settings: Settings, period: Period) -> list[dict[str, Any]]:
    """The dossiers that break the carry-over of form II.06a: column 6 (carried over) must equal column 11 (open) of the last period.

    Rows {unit_code, dossier_code, change, reason, reason_vi}. `added`: by what is known now the dossier is open at the start of the
    period, and it was not open when the period before was published. `removed`: the opposite. A dossier that now counts for another unit
    has both rows. The list is empty if the carry-over is right. Raises WrongUse if the period before was never published, or if this period
    has not begun at known_at.
    """
    preceding = forms.preceding(period)
    with engine(settings).connect() as connection:
        before = in_force(connection, settings, preceding)
        if before is None:
            raise WrongUse(f"{preceding.code} was never published: there is nothing to carry over from")
        then = {
            row["item"]: row["unit_code"]
            for row in query(
                connection,
                "select p.unit_code, unnest(p.numerator_items || p.other_items) as item from mart.publication_item as p "
                "where p.publication_id = :p and p.indicator_code = :open",
                {"p": before["publication_id"], "open": OPEN},
            )
        }
        now_open = {row["dossier_code"]: row["unit_code"] for row in forms.dossiers(connection, period, column=6)}
        found = forms.explain_carry_over(
            connection,
            period,
            forms.carry_over(then, now_open),
            frozen_at={source: parse_moment(known_at) for source, known_at in before["source_clocks"].items()},
        )
    broken = [
        (then[item.dossier_code], item, "removed") if item.side == "gone" else (now_open[item.dossier_code], item, "added")
        for item in [*found, *forms.moved(then, now_open)]
    ]
    return sorted(
        (
            {"unit_code": unit, "dossier_code": item.dossier_code, "change": change, "reason": item.reason, "reason_vi": item.reason_vi}
            for unit, item, change in broken
        ),
        key=lambda row: (row["unit_code"], row["dossier_code"], row["change"]),
    )
