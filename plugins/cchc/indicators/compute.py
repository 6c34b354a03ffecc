"""Compute the indicator values of a period.

The values are counted by cchc.indicators.count, judged by the plan of the period's year, and written only if they differ from the stored
ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

from cchc.core.completeness import counts_any_month, missing_from
from cchc.errors import NotConfigured
from cchc.indicators import declared
from cchc.indicators.count import Asked, measure, work_tables
from cchc.indicators.open_dossiers import keep_open_dossiers
from cchc.period import BASES, Period, midnight, now
from cchc.reference.catalogue import Indicator, catalogue
from cchc.reference.plan import Place, loaded_years, place
from cchc.reference.roles import Clocks, every_tree
from cchc.settings import Settings
from cchc.warehouse import run_file

YEAR_BEFORE = "year_before"  # third basis in `measured`: the year to date of the same period one year before


def compute(
    connection: Connection,
    settings: Settings,
    indicators: list[Indicator],
    role: str,
    periods: Sequence[Period],
    clocks: Clocks,
    *,
    is_past: bool = False,
) -> list[int]:
    """Compute some periods on both bases for the indicators of one role, in one tree of units.

    `clocks`: the known_at of every source, and the tree of units; `is_past`: whether the connection shows a past moment and is rolled back.
    Returns for each period how many values changed. Raises NotConfigured if no source of the role was extracted yet.
    """
    known_at = clocks.known_at(role)
    if known_at is None:
        raise NotConfigured(f"no source fills the role {role} in the tree of {clocks.root}, or none of them was extracted yet")
    last_days = {period: period.effective_last_day(known_at) for period in periods}
    gone = _drop_out_of_scope(connection, settings, indicators, role, last_days, clocks.root)
    _drop_other_versions(connection, settings, indicators, periods, clocks.root)
    work_tables(connection)
    years = loaded_years(connection)
    plans = {period: place(years, period.last_day) for period in periods}
    if role == declared.ROLE:
        if not clocks.is_own:
            return gone  # only units of the authority's own tree declare figures
        declared.measure(connection, settings, indicators, {period: plan.plan_code for period, plan in plans.items()}, clocks)
    else:
        if any(item.coverage == "dossiers" for item in indicators):
            for source, source_known_at in clocks.of(role).items():
                # several periods end on one day, and the dossiers open then are the same for all of them
                days = {period.effective_last_day(source_known_at): period.end_at(source_known_at) for period in periods}
                keep_open_dossiers(connection, settings, source, days, source_known_at, is_past=is_past)
        measure(connection, settings, indicators, clocks, _asked(connection, plans, known_at))
    _drop_years_before_of_other_versions(connection, settings, indicators, periods)
    written = write_values(connection, settings, role, plans, clocks)
    return [deleted + changed for deleted, changed in zip(gone, written, strict=True)]


def _asked(connection: Connection, plans: Mapping[Period, Place], known_at: datetime) -> list[Asked]:
    """What is counted of each period: both bases, and, for the indicators that have a direction, the year to date of the year before."""
    asked = []
    directions = {plan: with_direction(connection, plan) for plan in set(plans.values())}
    for number, (period, plan) in enumerate(plans.items()):
        last_day, before = period.effective_last_day(known_at), period.year_before()
        asked += [Asked(number, period, basis, basis, last_day) for basis in BASES]
        compared = directions[plan]
        asked.append(Asked(number, before, "year_to_date", YEAR_BEFORE, before.effective_last_day(known_at), last_day, compared))
    return asked


def write_values(connection: Connection, settings: Settings, role: str, plans: Mapping[Period, Place], clocks: Clocks) -> list[int]:
    """Judge the counts in the temporary table `measured` by the plan of each period's year, and write the values that differ.

    `plans`: each period and the plan that it belongs to; the number of a period in `measured` is its place among them. Returns for each
    period how many values changed.
    """
    sources = clocks.of(role)
    known_at = min(sources.values())
    missing = [missing_from(connection, source) for source in sources]
    starts = [complete_from(connection, source) for source in sources]
    asked, of_dossiers = [], [item.code for item in catalogue(settings).values() if item.coverage == "dossiers"]
    for number, (period, plan) in enumerate(plans.items()):
        last_day = period.effective_last_day(known_at)
        lacking = incomplete_bases(missing, period)
        asked.append(
            {
                "period_number": number,
                "plan_code": plan.plan_code,
                "kind": period.kind,
                "period_start": period.start.isoformat(),
                "period_end": period.end.isoformat(),
                "last_day": last_day.isoformat(),
                "has_year_before": has_year_before(role, starts, period),
                "is_running": last_day < period.last_day,
                "incomplete_bases": lacking,
                "incomplete_codes": of_dossiers if lacking else [],
            }
        )
    # PostgreSQL knows nothing of a temporary table that it has not counted; it counts the columns by which the rows are joined
    connection.execute(text("analyze measured (period_number, indicator_code, unit_code, basis)"))
    written = run_file(connection, settings, "mart/indicator_value", periods=json.dumps(asked), is_bound=clocks.is_own, now=now())
    changed = {(row.period_kind, row.period_start): row.changed for row in written}
    return [changed.get((period.kind, period.start), 0) for period in plans]


def incomplete_bases(missing: list[list[date]], period: Period) -> list[str]:
    """The bases on which a period counts a month whose dossiers are missing. `missing`: those months, of each source (`missing_from`)."""
    return [basis for basis in BASES if any(counts_any_month(months, period, basis) for months in missing)]


def has_year_before(role: str, starts: list[datetime | None], period: Period) -> bool:
    """Whether the year before a period is known, so that it can be compared with. `starts`: of each source (`complete_from`).

    A declared figure names its own month, so a figure of the year before may be stored even if no extract covers that year.
    """
    year_before = midnight(period.year_before().year_start)
    return role == declared.ROLE or all(start is not None and start <= year_before for start in starts)


def _drop_out_of_scope(
    connection: Connection, settings: Settings, indicators: list[Indicator], role: str, last_days: Mapping[Period, date], root: str
) -> list[int]:
    """Delete the values of scopes that do not exist in a period, for example of a unit whose first day was corrected to a later day.

    `last_days`: the last day of each period. Returns for each period how many values were deleted.
    """
    deleted = run_file(
        connection,
        settings,
        "mart/value_out_of_scope",
        listed=json.dumps([{"code": item.code, "version": item.version} for item in indicators]),
        root=root,
        role=role,
        period_kinds=[period.kind for period in last_days],
        period_starts=[period.start for period in last_days],
        last_days=list(last_days.values()),
    )
    count = Counter((row.period_kind, row.period_start) for row in deleted)
    return [count[period.kind, period.start] for period in last_days]


def _drop_other_versions(
    connection: Connection, settings: Settings, indicators: Sequence[Indicator], periods: Sequence[Period], root: str
) -> None:
    """Delete the values of a period that another version made which is still computed: it holds in other periods now."""
    dated = [item for item in indicators if item.valid_from or item.valid_to]
    if dated:
        run_file(
            connection,
            settings,
            "mart/value_of_other_version",
            listed=json.dumps([{"code": item.code, "version": item.version} for item in dated]),
            period_kinds=[period.kind for period in periods],
            period_starts=[period.start for period in periods],
            root=root,
        )


def _drop_years_before_of_other_versions(
    connection: Connection, settings: Settings, indicators: Sequence[Indicator], periods: Sequence[Period]
) -> None:
    """Forget what was counted of the year before where another version of the formula held then: there is nothing to compare with."""
    for number, period in enumerate(periods):
        before = period.year_before().last_day
        others = [item.code for item in indicators if not item.holds(before)]
        if others:
            connection.execute(
                text("delete from measured where basis = :basis and period_number = :number and indicator_code = any(:codes)"),
                {"basis": YEAR_BEFORE, "number": number, "codes": others},
            )


def compute_known(connection: Connection, settings: Settings, period: Period) -> None:
    """Compute one period for all indicators from what the connection sees.

    This is for `--as-known-at`: the connection shows the warehouse as known at a past moment, and the caller rolls the transaction back.
    """
    connection.execute(
        text("delete from mart.indicator_value where period_kind = :kind and period_start = :start"),
        {"kind": period.kind, "start": period.start},
    )
    listed = catalogue(settings, period.last_day).values()
    for clocks in every_tree(connection):
        for role in sorted({item.role for item in listed}):
            known_at = clocks.known_at(role)
            if known_at is not None and midnight(period.start) < known_at:
                items = [item for item in listed if item.role == role]
                compute(connection, settings, items, role, [period], clocks, is_past=True)


def with_direction(connection: Connection, plan: Place) -> frozenset[str]:
    """The codes of the indicators that have a direction in a plan that holds: they are compared with the year before."""
    rows = connection.execute(
        text("select indicator_code from core.plan_target where plan_code = :plan and kind = 'direction' and ended_at is null"),
        {"plan": plan.plan_code},
    )
    return frozenset(rows.scalars()) if plan.holds else frozenset()


def complete_from(connection: Connection, source: str) -> datetime | None:
    """The moment from which on a source was extracted without a hole; the earliest moment if that is all, None if it is never."""
    row = connection.execute(
        text("select is_complete_from_start, earliest_from from ops.source_clock where source_code = :s"), {"s": source}
    ).one_or_none()
    if row is None:
        return None
    earliest: datetime | None = row.earliest_from
    return datetime.min.replace(tzinfo=UTC) if row.is_complete_from_start else earliest
