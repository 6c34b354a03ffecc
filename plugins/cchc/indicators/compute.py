"""Compute the indicator values of a period.

The values are counted by cchc.indicators.count, judged by the plan of the period's year, and written only if they differ from the stored
ones.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from sqlalchemy import Connection, text

from cchc.core.completeness import incomplete_bases
from cchc.errors import NotConfigured
from cchc.indicators import declared
from cchc.indicators.count import binds, measure, work_tables
from cchc.period import BASES, Period, last_day_before, last_days, midnight, now
from cchc.reference.catalogue import Indicator, catalogue
from cchc.reference.plan import plan_of
from cchc.reference.roles import Clocks, every_tree
from cchc.settings import Settings
from cchc.warehouse import run_file

FIRST_YEAR = 2000  # no dossier is older: the one-stop software of every vendor began later
YEAR_BEFORE = "year_before"  # third basis in `measured`: the year to date of the same period one year before


def compute(connection: Connection, settings: Settings, indicators: list[Indicator], role: str, period: Period, clocks: Clocks) -> int:
    """Compute one period on both bases for the indicators of one role, in one tree of units.

    `clocks`: the known_at of every source, and the tree of units. Returns how many values changed. Raises NotConfigured if no source of the
    role was extracted yet.
    """
    known_at = clocks.known_at(role)
    if known_at is None:
        raise NotConfigured(f"no source fills the role {role} in the tree of {clocks.root}, or none of them was extracted yet")
    last_day = period.effective_last_day(known_at)
    gone = _drop_out_of_scope(connection, settings, indicators, period, clocks.root, last_day)
    work_tables(connection)
    if role == declared.ROLE:
        if not clocks.is_own:
            return gone  # only units of the authority's own tree declare figures
        declared.measure(connection, settings, indicators, period, clocks, plan_of(connection, period).plan_code)
        return gone + write_values(connection, settings, role, period, clocks)
    if any(item.coverage == "dossiers" for item in indicators):
        for source, source_known_at in clocks.of(role).items():
            _open_dossiers(connection, settings, source, period, source_known_at)
    for basis in BASES:
        measure(connection, settings, indicators, clocks, period, basis, last_day=last_day)
    compared = with_direction(connection, period)
    against = [item for item in indicators if item.code in compared]
    before = period.year_before()
    measure(
        connection,
        settings,
        against,
        clocks,
        before,
        "year_to_date",
        counted_basis=YEAR_BEFORE,
        last_day=before.effective_last_day(known_at),
        compared_on=last_day,
    )
    return gone + write_values(connection, settings, role, period, clocks)


def write_values(connection: Connection, settings: Settings, role: str, period: Period, clocks: Clocks) -> int:
    """Judge the counts in the temporary table `measured` by the plan of the period's year, and write the values that differ.

    Returns how many values changed.
    """
    sources = clocks.of(role)
    last_day = period.effective_last_day(min(sources.values()))
    incomplete = [incomplete_bases(connection, source, period, BASES) for source in sources]
    lacking = [basis for basis in BASES if any(found[basis] for found in incomplete)]
    concerned = [item.code for item in catalogue(settings).values() if item.coverage == "dossiers"] if lacking else []
    return run_file(
        connection,
        settings,
        "mart/indicator_value",
        plan=plan_of(connection, period).plan_code,
        is_bound=clocks.is_own,
        kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        last_day=last_day,
        # A declared figure names its own month, so a figure of the year before may be stored even if no extract covers that year.
        has_year_before=role == declared.ROLE or all(is_extracted(connection, source, period.year_before()) for source in sources),
        is_running=last_day < period.last_day,
        incomplete_bases=lacking,
        incomplete_codes=concerned,
        now=now(),
    ).rowcount


def _drop_out_of_scope(
    connection: Connection, settings: Settings, indicators: list[Indicator], period: Period, root: str, last_day: date
) -> int:
    """Delete the values of scopes that do not exist in the period, for example of a unit whose first day was corrected to a later day.

    Returns how many values were deleted.
    """
    return run_file(
        connection,
        settings,
        "mart/value_out_of_scope",
        listed=json.dumps([{"code": item.code, "version": item.version} for item in indicators]),
        root=root,
        last_day=last_day,
        kind=period.kind,
        period_start=period.start,
    ).rowcount


def compute_known(connection: Connection, settings: Settings, period: Period) -> None:
    """Compute one period for all indicators from what the connection sees.

    This is for `--as-known-at`: the connection shows the warehouse as known at a past moment, and the caller rolls the transaction back.
    """
    connection.execute(
        text("delete from mart.indicator_value where period_kind = :kind and period_start = :start"),
        {"kind": period.kind, "start": period.start},
    )
    listed = catalogue(settings).values()
    for clocks in every_tree(connection):
        for role in sorted({item.role for item in listed}):
            known_at = clocks.known_at(role)
            if known_at is not None and midnight(period.start) < known_at:
                compute(connection, settings, [item for item in listed if item.role == role], role, period, clocks)


def _open_dossiers(connection: Connection, settings: Settings, source: str, period: Period, known_at: datetime) -> None:
    values = binds(source, period, "period", known_at)
    # A running period ends at known_at, often on a day on which no complete period ends. When known_at moves, the rows of that day are
    # obsolete.
    connection.execute(
        text(
            "delete from mart.dossier_open where source_code = :s and (as_of_date = :d or (as_of_date <> :running "
            "and as_of_date <> all(:ends)))"
        ),
        {"s": source, "d": values["last_day"], "running": last_day_before(known_at), "ends": last_days(FIRST_YEAR, known_at.year)},
    )
    run_file(connection, settings, "mart/dossier_open", **values)


def with_direction(connection: Connection, period: Period) -> set[str]:
    """The codes of the indicators that have a direction in the plan of the period's year: they are compared with the year before."""
    plan = plan_of(connection, period)
    rows = connection.execute(
        text("select indicator_code from core.plan_target where plan_code = :plan and kind = 'direction' and ended_at is null"),
        {"plan": plan.plan_code},
    )
    return set(rows.scalars()) if plan.holds else set()


def is_extracted(connection: Connection, source: str, period: Period) -> bool:
    """Whether a source was extracted without a hole from the first day of the period's year to date on."""
    row = connection.execute(
        text("select is_complete_from_start, earliest_from from ops.source_clock where source_code = :s"), {"s": source}
    ).one_or_none()
    return row is not None and (
        bool(row.is_complete_from_start) or (row.earliest_from is not None and row.earliest_from <= midnight(period.year_start))
    )
