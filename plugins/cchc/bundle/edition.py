"""edition.json: what an edition is, and everything that its figures are counted and judged by beside the rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection

from cchc.authority import authority
from cchc.bundle.rows import Tree, declared_day, known_roles
from cchc.core.completeness import missing_from
from cchc.indicators import declared
from cchc.indicators.compute import complete_from, has_year_before, incomplete_bases
from cchc.period import ZONE, Period
from cchc.reference.catalogue import Indicator
from cchc.reference.plan import loaded_years, plan_of
from cchc.warehouse.queries import ask

FORMAT = 1


def described(
    connection: Connection, items: list[Indicator], period: Period, trees: list[Tree], publication: dict[str, Any]
) -> dict[str, Any]:
    """The content of edition.json. `publication`: the row of mart.publication. Names of people are no part of it."""
    plan = plan_of(connection, period)
    years = next(years for years in loaded_years(connection) if years.plan_code == plan.plan_code)
    year = period.last_day.year
    if plan.holds:  # of a plan of several years the year of the period: a milestone is due in each
        years = years._replace(valid_from=max(years.valid_from, date(year, 1, 1)), valid_to=min(years.valid_to, date(year, 12, 31)))
    before, previous = period.year_before(), _previous(connection)
    declared_at = next((at for tree in trees if tree.clocks.is_own and (at := tree.clocks.known_at(declared.ROLE))), None)
    return {
        "format": FORMAT,
        "authority": {"code": authority().code, "name_vi": authority().name_vi},
        "period": {"code": period.code, "name_vi": period.name_vi} | _days(period),
        "year_before": _days(before) | {"declared_day": declared_day(period, declared_at).isoformat() if declared_at else None},
        "edition": publication["edition"],
        "position": previous["position"] + 1 if previous else 1,
        "previous": previous,
        "published_at": publication["published_at"].astimezone(ZONE).isoformat(),
        "approval": publication["approval"],
        "zone": ZONE.key,
        "plan": {
            "code": plan.plan_code,
            "holds": plan.holds,
            "valid_from": years.valid_from.isoformat(),
            "valid_to": years.valid_to.isoformat(),
        },
        "indicators": [indicator_entry(item) for item in items],
        "trees": [_tree(connection, tree, period) for tree in trees],
    }


def _days(period: Period) -> dict[str, str]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat(), "year_start": period.year_start.isoformat()}


def indicator_entry(item: Indicator) -> dict[str, Any]:
    """How an indicator is counted, as verify.py reads it."""
    return {
        "code": item.code,
        "version": item.version,
        "kind": item.kind,
        "item": item.item,
        "is_distinct": item.is_distinct,
        "role": item.role,
        "coverage": item.coverage,
        "units": list(item.units),
        "parts": [{"role": role, "query": f"{item.part(role)}.sql"} for role in item.roles],
    }


def _tree(connection: Connection, tree: Tree, period: Period) -> dict[str, Any]:
    roles = {}
    for role, known_at in known_roles(tree, period).items():
        sources = tree.clocks.of(role)
        last_day = period.effective_last_day(known_at)
        missing = [missing_from(connection, source) for source in sources]
        starts = [complete_from(connection, source) for source in sources]
        roles[role] = {
            "sources": {source: at.astimezone(ZONE).isoformat() for source, at in sources.items()},
            "last_day": last_day.isoformat(),
            "last_day_year_before": period.year_before().effective_last_day(known_at).isoformat(),
            "is_running": last_day < period.last_day,
            "has_year_before": has_year_before(role, starts, period),
            "incomplete_bases": incomplete_bases(missing, period),
        }
    others = {role: tree.clocks.of(role) for role in tree.clocks.by_role if role not in roles}
    return {
        "root": tree.clocks.root,
        "is_own": tree.clocks.is_own,
        "compared": sorted(tree.compared),
        "roles": roles,
        "not_known_in_period": {
            role: {source: at.astimezone(ZONE).isoformat() for source, at in at.items()} for role, at in others.items()
        },
    }


def _previous(connection: Connection) -> dict[str, Any] | None:
    """The newest edition of the chain; None before the first one."""
    rows = ask(connection, "bundle/previous")
    if not rows:
        return None
    period = Period(rows[0]["period_kind"], rows[0]["period_start"], rows[0]["period_end"])
    return {
        "period": period.code,
        "edition": rows[0]["edition"],
        "position": rows[0]["position"],
        "manifest_sha256": rows[0]["manifest_sha256"],
    }
