"""What people read of the indicators: the scorecard of a period, the explanation of one number, the export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Connection

from cchc.errors import NothingKnown, WrongUse
from cchc.indicators.compute import compute_known
from cchc.indicators.count import binds
from cchc.indicators.declared import figures
from cchc.period import Period, midnight
from cchc.publication.edition import in_force
from cchc.publication.known_at import Past, as_known_at
from cchc.reference.catalogue import Indicator, indicator
from cchc.reference.plan import Place, plan_of
from cchc.reference.roles import role_clocks, tree_of
from cchc.reference.scopes import known_scope, scope_condition
from cchc.reports.layout import Layout
from cchc.settings import Settings
from cchc.states import ValueStatus
from cchc.warehouse import asked_binds, composed, engine, query, sql
from cchc.warehouse.queries import ask


@contextmanager
def reading(settings: Settings, moment: datetime | None, *periods: Period) -> Iterator[Past]:
    """A connection to read from, and the settings to read by: as things are known now, or as known at `moment`.

    `periods`: those whose values are computed as of then.
    """
    if moment is None:
        with engine(settings).connect() as connection:
            yield Past(connection, settings)
        return
    with as_known_at(settings, moment) as past:
        for period in periods:
            compute_known(past.connection, past.settings, period)
        yield past


def scorecard(
    settings: Settings, period: Period, unit: str | None = None, *, moment: datetime | None = None, published: bool = False
) -> list[dict[str, Any]]:
    """Rows of mart.scorecard of one period, in the plan's order: the scopes where targets stand, or one unit. Empty = not computed.

    As known now; as known at `moment`; or, with `published`, the values of the edition in force, which no refresh changes
    (raises WrongUse where there is none). A published row has `edition`, `published_at`, `approved_by`, `is_restated`.
    """
    with reading(settings, moment, period, period.before(), period.year_before()) as (connection, then):
        publication = None
        if published:
            publication = in_force(connection, then, period)
            if publication is None:
                raise WrongUse(f"{period.code} was never published: `cchc close {period.code}`")
        return scorecard_rows(connection, then, period, unit, publication)


def scorecard_rows(
    connection: Connection, settings: Settings, period: Period, unit: str | None = None, publication: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The same rows on a connection that reads: as known now, or as an edition (a row of mart.publication) has them."""
    if unit is not None:
        known_scope(connection, unit)
    rows = query(
        connection,
        "select * from mart.scorecard where period_kind = :kind and period_start = :start and "
        + ("unit_code = :unit " if unit else "(unit_code = 'all' or unit_code like 'level:%') ")
        + "order by target_order nulls last, indicator_code, unit_code",
        {"kind": period.kind, "start": period.start, "unit": unit},
    )
    return rows if publication is None else _as_published(connection, settings, period, rows, publication)


def stands(row: Mapping[str, Any]) -> bool:
    """Whether a row is a line of its target: the whole for a target of all and where there is none, each level for one of the levels."""
    stands_at_all = not row["target_no"] or row["target_level"] == "all"
    return bool(row["unit_code"] == ("all" if stands_at_all else f"level:{row['target_level']}"))


def is_published(settings: Settings, period: Period) -> bool:
    """Whether a period has an edition in force."""
    with engine(settings).connect() as connection:
        return in_force(connection, settings, period) is not None


def _as_published(
    connection: Connection, settings: Settings, period: Period, rows: list[dict[str, Any]], publication: dict[str, Any]
) -> list[dict[str, Any]]:
    """The rows with what was published in place of what is known now: values, targets and status as the plan stood then.

    Indicators that did not exist at the publication are left out: they are new since then.
    """
    values = ask(connection, "publication/value_of_edition", p=publication["publication_id"])
    cells = query(
        connection,
        "select target_no, target_order, section, clause_vi, lead_agency, level as target_level, indicator_code, target "
        "from core.plan_target where plan_code = :plan and coalesce(added_at, '-infinity') <= :at and coalesce(ended_at, 'infinity') > :at",
        {"plan": publication["plan_code"], "at": publication["published_at"]},
    )
    frozen = {(value["indicator_code"], value["unit_code"], value["basis"]): value for value in values}
    reason = values[0]["no_target_reason"] if values else None
    words = Layout.of(settings.reports_dir, period.last_day).labels
    names = {
        row["unit_code"]: row["name"]
        for row in query(
            connection,
            "select unit_code, name from mart.publication_unit where publication_id = :p",
            {"p": publication["publication_id"]},
        )
    }
    silent: dict[str, Any] = dict.fromkeys(
        (
            "numerator",
            "denominator",
            "value",
            "gap_count",
            "coverage",
            "is_provisional",
            "target",
            "compared_numerator",
            "compared_denominator",
        ),
        None,
    ) | {"status": None if reason else ValueStatus.NO_DATA, "is_restated": False}
    found = []
    for row in rows:
        if row["indicator_code"] not in publication["definitions"] and row["computed_at"] is not None:
            continue
        stands = [c for c in cells if c["indicator_code"] == row["indicator_code"] and c["target_level"] in ("all", row["level"])]
        cell = stands[0] if stands else dict.fromkeys(CELL)
        # what had no value when the period was published has none in the publication, whatever is known now
        then, to_date = (frozen.get((row["indicator_code"], row["unit_code"], basis), silent) for basis in ("period", "year_to_date"))
        target = cell.get("target") if to_date is silent and not reason else to_date["target"]
        kind = row["indicator_kind"]
        is_silent = to_date["status"] == ValueStatus.NO_DATA or (reason is not None and to_date["value"] is None)
        found.append(
            row
            | {name: cell[name] for name in CELL}
            | {
                "unit_name": names.get(row["unit_code"], row["unit_name"]),
                "period_numerator": then["numerator"],
                "period_denominator": then["denominator"],
                "period_value": shown(then["value"], kind),
                "year_numerator": to_date["numerator"],
                "year_denominator": to_date["denominator"],
                "year_value": shown(to_date["value"], kind),
                "target_percent": shown(target, "flow"),
                "status": to_date["status"],
                "status_vi": getattr(words.status, to_date["status"]) if to_date["status"] else None,
                "gap_count": to_date["gap_count"],
                "compared_numerator": to_date["compared_numerator"],
                "compared_denominator": to_date["compared_denominator"],
                "coverage_percent": shown(then["coverage"], "flow"),
                "is_provisional": then["is_provisional"],
                "edition": publication["edition"],
                "published_at": publication["published_at"],
                "approved_by": publication["approved_by"],
                "is_restated": then["is_restated"] or to_date["is_restated"],
                "no_data_reason_vi": (row["no_data_reason_vi"] or words.not_then) if is_silent and cell["target_no"] else None,
                "no_target_reason": reason,
                "no_target_reason_vi": words.no_plan if reason else None,
            }
        )
    return sorted(found, key=lambda row: (row["target_order"] is None, row["target_order"], row["indicator_code"], row["unit_code"]))


# what a row says of its cell of the plan
CELL = ("target_no", "target_order", "section", "clause_vi", "lead_agency", "target_level")


def shown(value: Decimal | None, kind: str) -> Decimal | None:
    """A stored value as people read it: a fraction in percent, rounded to two decimals; counts as they are, scores rounded."""
    if value is None or kind == "count":
        return value
    return (value if kind == "score" else value * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Explanation:
    """One number, taken apart.

    Its definition, the clauses of the plan that holds in its period (none where no plan does), the query with its binds, the counted
    rows, and what the units declared for it.

    A row has the unit for which it counts (`unit_code`, or `level:…` where there is none) and the one that its record names (`named_code`);
    `elsewhere` says why they differ. `sources`: those that fill its role.
    """

    indicator: Indicator
    value: dict[str, Any] | None
    clauses: list[dict[str, Any]]
    query: str
    binds: dict[str, Any]
    rows: list[dict[str, Any]]
    declared: list[dict[str, Any]]
    plan: Place
    elsewhere: list[str]
    sources: tuple[str, ...]


def explain(
    settings: Settings, code: str, unit: str, period: Period, basis: str = "period", *, moment: datetime | None = None
) -> Explanation:
    """Everything behind one number. Raises WrongUse for an unknown indicator or unit, or a period that is not known yet.

    `moment`: as known then.
    """
    with reading(settings, moment, period) as (connection, then):
        return explained(connection, then, code, unit, period, basis)


def explained(connection: Connection, settings: Settings, code: str, unit: str, period: Period, basis: str) -> Explanation:
    """As `explain`, on a connection that shows what is known now, or was known at a past moment.

    The rows are counted anew from core and mart, by the very SQL file that the refresh uses; their sums are the stored ones.
    """
    item = indicator(settings, code, period.last_day)
    known_scope(connection, unit)
    clocks = role_clocks(connection, tree_of(connection, unit))
    known_at = clocks.known_at(item.role)
    if known_at is None or midnight(period.start) >= known_at:
        known = known_at.isoformat() if known_at else "not set"
        raise NothingKnown(f"nothing is known of {period.code} yet: T of {clocks.names(item.role)} is {known}")
    scope = scope_condition(unit, "coalesce(s.scope_code, x.unit_code)", "coalesce(s.level, u.level)")
    # records that name the unit but count for another one are also read, so that the explanation can mention them
    parts = [
        (sql(settings, item.part(role)), binds(source, period, basis, known, item.units))
        for role in item.roles
        for source, known in clocks.of(role).items()
    ]
    found = _once_in_scope(
        item,
        [
            row
            for statement, values in parts
            for row in query(
                connection,
                composed.counted_around(statement, scope),
                asked_binds(statement, values | {"code": code}) | {"root": clocks.root, "scope": unit, "d": values["last_day"]},
            )
        ],
    )
    rows = [row for row in found if unit not in (row["named_code"], row["unit_code"]) or row["unit_code"] == unit]
    reasons = _why_elsewhere(connection, found)
    value = query(
        connection,
        "select * from mart.indicator_value where indicator_code = :code and formula_version = :version "
        "and unit_code = :unit and period_kind = :kind and period_start = :start and basis = :basis",
        {
            "code": code,
            "version": item.version,
            "unit": unit,
            "kind": period.kind,
            "start": period.start,
            "basis": basis,
        },
    )
    plan = plan_of(connection, period)
    clauses = query(
        connection,
        "select target_no, section, clause_vi, level, operator, operator_text, target, lead_agency from core.plan_target "
        "where plan_code = :plan and indicator_code = :code and ended_at is null and :holds order by target_order",
        {"plan": plan.plan_code, "code": code, "holds": plan.holds},
    )
    declared = figures(connection, code, unit, period)
    statements = "\n\n".join(dict.fromkeys(statement for statement, _ in parts))
    asked = parts[0][1] if len(parts) == 1 else {"sources": [values for _, values in parts]}
    return Explanation(
        item,
        value[0] if value else None,
        clauses,
        statements,
        asked,
        rows,
        declared,
        plan,
        reasons,
        tuple(clocks.of(item.role)),
    )


def _once_in_scope(item: Indicator, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of all sources by item; of an indicator that counts an item once in a scope one row each, in the numerator if any is."""
    ordered = sorted(rows, key=lambda row: (row["item"], row["unit_code"]))
    if not item.is_distinct:
        return ordered
    first: dict[Any, dict[str, Any]] = {}
    for row in sorted(ordered, key=lambda row: not row["is_numerator"]):
        first.setdefault(row["item"], row)
    return [first[name] for name in sorted(first)]


def _why_elsewhere(connection: Connection, rows: list[dict[str, Any]]) -> list[str]:
    """A sentence for each unit that records name on days on which it did not exist: for whom they count, and why."""
    named = sorted({(row["named_code"], row["unit_code"]) for row in rows if row["named_code"] != row["unit_code"]})
    found = []
    for code, scope in named:
        unit = query(connection, "select valid_from, valid_to from core.unit where unit_code = :u", {"u": code})[0]
        days = sorted(row["counted_on"] for row in rows if (row["named_code"], row["unit_code"]) == (code, scope))
        existed = f"existed from {unit['valid_from']}" + (f" to {unit['valid_to']}" if unit["valid_to"] else "")
        when = f"{len(days)} of {days[0]}" + (f" to {days[-1]}" if days[-1] != days[0] else "")
        if scope.startswith("level:"):
            why = f"not exactly one unit had taken its place then, so they count in {scope} and the whole alone"
        else:
            why = f"its only successor then was {scope}, for which they count"
        found.append(f"{code} {existed}; {when} name it: {why}")
    return found
