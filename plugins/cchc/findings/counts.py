"""Findings: records in the sources that look wrong. They are counted by unit and month and listed with their dossiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from cchc.errors import NothingKnown, WrongUse
from cchc.near import or_known
from cchc.period import Period, add_months, midnight, month_start
from cchc.reference.finding_kinds import kinds, relation
from cchc.reference.scopes import known_scope, scope_condition
from cchc.settings import Settings
from cchc.warehouse import composed, query, reading_on


@dataclass(frozen=True)
class Count:
    """How many findings of a kind a unit has in a period."""

    code: str
    name_vi: str
    unit_code: str
    unit_name: str
    count: int


def _where(period: Period, unit: str, code: str | None) -> tuple[str, dict[str, Any]]:
    """The SQL condition, with its bind values, for a period, a scope and a kind of finding. Report periods go by day, others by month."""
    condition = "f.month_start >= :first and f.month_start < :before and " + scope_condition(unit, "f.unit_code", "u.level")
    binds: dict[str, Any] = {"first": month_start(period.start), "before": period.end, "scope": unit, "d": period.last_day}
    if code is not None:
        condition += " and f.finding_code = :code"
        binds["code"] = code
    return condition, binds


def require_known(connection: Connection, period: Period) -> None:
    """Raise NothingKnown where no source that delivers anything had begun the period: no findings would say that nothing was wrong."""
    known_at = connection.execute(text("select max(known_at) from ops.source_clock")).scalar()
    if known_at is None or midnight(period.start) >= known_at:
        raise NothingKnown(f"of {period.code} nothing was known: the newest T was {known_at.isoformat() if known_at else 'not set'}")


def _require_computed(settings: Settings, connection: Connection, period: Period, unit: str, code: str | None) -> None:
    known_scope(connection, unit)
    if period.is_report:
        months = f"{add_months(month_start(period.last_day), -1):%Y-%m} or {period.last_day:%Y-%m}"
        raise WrongUse(f"findings belong to calendar months: ask for {months} instead of {period.code}")
    if code is not None and code not in kinds(settings):
        raise WrongUse(f"'{code}' is no finding{or_known(code, kinds(settings))}")


def _relation(settings: Settings, connection: Connection | None) -> str:
    """What has the findings: the view, or, at a past moment, the queries of then."""
    return composed.FINDING if connection is None else relation(settings)


def counts(
    settings: Settings, period: Period, unit: str = "all", code: str | None = None, *, connection: Connection | None = None
) -> list[Count]:
    """How many findings of each kind each unit has, in the order of the catalogue; an empty list if there are none.

    `connection`: one that shows a past moment, with the settings of then; None: as known now.
    """
    with reading_on(settings, connection) as read:
        _require_computed(settings, read, period, unit, code)
        condition, binds = _where(period, unit, code)
        rows = query(read, composed.count_findings(condition, _relation(settings, connection)), binds)
    return [Count(**row) for row in rows]


def rows(
    settings: Settings,
    period: Period,
    unit: str = "all",
    code: str | None = None,
    limit: int = -1,
    *,
    connection: Connection | None = None,
) -> list[dict[str, Any]]:
    """The findings with their dossiers (rows of mart.finding). `limit`: at most so many rows; -1 means all.

    `connection`: as in `counts`.
    """
    with reading_on(settings, connection) as read:
        _require_computed(settings, read, period, unit, code)
        condition, binds = _where(period, unit, code)
        return query(
            read, composed.list_findings(condition, _relation(settings, connection)), binds | {"limit": None if limit < 0 else limit}
        )
