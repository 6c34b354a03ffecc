"""Recompute the indicators of exactly the months that loads have touched (design.md §1, *refresh*).

A month is the unit of work: it holds every period that ends in it, as far as T lets it end (a running year ends in the month of T).
Each indicator follows the T of its own source. Rows that come out as before are not written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.core.completeness import incomplete_bases
from cchc.indicators import declared
from cchc.period import BASES, Period, last_day_before, midnight, month_start, now, parse_period, periods_ending_in
from cchc.reference.catalogue import Indicator, catalogue
from cchc.reference.plan import DISTRICT, plan_of
from cchc.settings import Settings
from cchc.warehouse import engine, known_at, run_file, sql

log = logging.getLogger(__name__)

NEVER = "-infinity"
YEAR_BEFORE = "year_before"  # the year to date of the same period a year before, in `measured` beside the two bases


@dataclass(frozen=True)
class Refreshed:
    """What a refresh of one month and source did."""

    source: str
    month: date
    periods: int
    changed: int


def refresh(settings: Settings, months: Iterable[date] | None = None, *, force: bool = False) -> list[Refreshed]:
    """Refresh the months that wait (of `months`, or all of them); with `force`, the given months whether they wait or not.

    Each (source, month) is one transaction that also clears its mark: a refresh that is cut off is taken up again.
    """
    done: list[Refreshed] = []
    wanted = sorted(set(months)) if months is not None else None
    with engine(settings).connect() as connection:
        waiting = connection.execute(text("select source_code, month_start from ops.dirty_month order by month_start, source_code")).all()
        sources = sorted({item.source for item in catalogue(settings).values()})
    if force and wanted is not None:
        tasks = [(source, month) for month in wanted for source in sources]
    else:
        tasks = [(row[0], row[1]) for row in waiting if wanted is None or row[1] in wanted]
    for source, month in tasks:
        done.append(_refresh_month(settings, source, month))
    return done


def _refresh_month(settings: Settings, source: str, month: date) -> Refreshed:
    from cchc.publication.restatement import restate

    concerned: dict[str, list[Indicator]] = {}
    for item in catalogue(settings).values():
        if source == item.source or source in item.also:
            concerned.setdefault(item.source, []).append(item)
    count = changed = 0
    with engine(settings).begin() as connection:
        # the mark goes first and holds the row: a load that marks the month again waits for us, and its mark survives us
        connection.execute(text("delete from ops.dirty_month where source_code = :s and month_start = :m"), {"s": source, "m": month})
        for primary, indicators in sorted(concerned.items()):
            connection.execute(text("select pg_advisory_xact_lock(hashtext(:k))"), {"k": f"refresh {primary}"})
            clock = known_at(connection, primary)
            if clock is None:
                continue
            # what a source brings beyond the T of the one that leads stands in that one's running periods
            last = month_start(last_day_before(clock))
            periods = periods_ending_in(month if primary == source else min(month, last), clock)
            count += len(periods)
            for period in periods:
                changed += compute(connection, settings, indicators, primary, period, clock)
                restate(connection, settings, indicators, period)
    log.info("refreshed %s %s: %s periods, %s values changed", source, f"{month:%Y-%m}", count, changed)
    return Refreshed(source, month, count, changed)


def clocks_of(connection: Connection, indicators: Iterable[Indicator]) -> dict[str, datetime | None]:
    """T of each source that the indicators count beside their own; None where it was never extracted."""
    return _clocks(connection, {name for item in indicators for name in item.also})


def all_clocks(connection: Connection, indicators: Iterable[Indicator]) -> dict[str, datetime | None]:
    """T of every source that the indicators count, their own and further ones; None where it was never extracted."""
    return _clocks(connection, {name for item in indicators for name in (item.source, *item.also)})


def _clocks(connection: Connection, sources: Iterable[str]) -> dict[str, datetime | None]:
    return {name: known_at(connection, name) for name in sorted(sources)}


def binds(source: str, period: Period, basis: str, clock: datetime, also: Mapping[str, datetime | None] | None = None) -> dict[str, Any]:
    """What an indicator's SQL may bind: J as end_at, D as last_day, T as known_at.

    For each further source of `also` (name → its T) `<name>_source`, `<name>_end_at` (its own J) and `<name>_known_at`; the last two are
    −infinity where nothing of it was ever extracted, so that its part is empty.
    """
    further: dict[str, Any] = {}
    for name, other in (also or {}).items():
        further |= {
            f"{name}_source": name,
            f"{name}_end_at": period.cut(other) if other else NEVER,
            f"{name}_known_at": other or NEVER,
        }
    return further | {
        "source": source,
        "start_date": period.first_day(basis),
        "start_at": midnight(period.first_day(basis)),
        "year_start_at": midnight(period.year_start),
        "end_at": period.cut(clock),
        "last_day": period.effective_last_day(clock),
        "known_at": clock,
    }


def compute(connection: Connection, settings: Settings, indicators: list[Indicator], source: str, period: Period, clock: datetime) -> int:
    """Compute one period on both bases for the indicators of one source; how many values changed."""
    gone = _drop_out_of_scope(connection, settings, indicators, period, clock)
    work_tables(connection)
    if source == declared.SOURCE:
        declared.measure(connection, settings, indicators, period, clock, plan_of(connection, period).plan_code)
        return gone + write_values(connection, settings, source, period, clock)
    if any(item.coverage == "dossiers" for item in indicators):
        _open_dossiers(connection, settings, source, period, clock)
    before = period.year_before()
    also = clocks_of(connection, indicators)
    for basis in BASES:
        _measure(connection, settings, indicators, basis, binds(source, period, basis, clock, also))
    compared = _with_direction(connection, period)
    against = [item for item in indicators if item.code in compared]
    compared_on = period.effective_last_day(clock)
    _measure(connection, settings, against, YEAR_BEFORE, binds(source, before, "year_to_date", clock, also), compared_on)
    return gone + write_values(connection, settings, source, period, clock)


def write_values(connection: Connection, settings: Settings, source: str, period: Period, clock: datetime) -> int:
    """Write a period's values from what was counted into `measured`, judged by the plan that holds in it; how many changed."""
    last_day = period.effective_last_day(clock)
    lacking = [basis for basis, is_lacking in incomplete_bases(connection, source, period, BASES).items() if is_lacking]
    concerned = [item.code for item in catalogue(settings).values() if item.coverage == "dossiers"] if lacking else []
    return run_file(
        connection,
        settings,
        "mart/indicator_value",
        plan=plan_of(connection, period).plan_code,
        kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        last_day=last_day,
        # a declared figure of the year before is there or not, whatever the files of which day were taken in
        has_year_before=source == declared.SOURCE or _is_extracted(connection, source, period.year_before()),
        is_running=last_day < period.last_day,
        incomplete_bases=lacking,
        incomplete_codes=concerned,
        now=now(),
    ).rowcount


def _drop_out_of_scope(connection: Connection, settings: Settings, indicators: list[Indicator], period: Period, clock: datetime) -> int:
    """Take away the values of scopes that a period does not have any more: of a unit that begins later than it was said to."""
    return run_file(
        connection,
        settings,
        "mart/value_out_of_scope",
        listed=json.dumps([{"code": item.code, "version": item.version} for item in indicators]),
        root=DISTRICT,
        last_day=period.effective_last_day(clock),
        kind=period.kind,
        period_start=period.start,
    ).rowcount


def compute_known(connection: Connection, settings: Settings, period: Period) -> None:
    """Compute one period for every source on a connection, from what it sees: for `--as-known-at`, in a transaction that is undone."""
    connection.execute(
        text("delete from mart.indicator_value where period_kind = :kind and period_start = :start"),
        {"kind": period.kind, "start": period.start},
    )
    listed = catalogue(settings).values()
    for source in sorted({item.source for item in listed}):
        clock = known_at(connection, source)
        if clock is not None and midnight(period.start) < clock:
            compute(connection, settings, [item for item in listed if item.source == source], source, period, clock)


def work_tables(connection: Connection) -> None:
    """The temporary tables that a period is counted in, empty."""
    for name, columns in (
        (
            "measured",
            "indicator_code text, formula_version integer, kind text, unit_code text, level text, basis text, "
            "numerator bigint, denominator bigint, coverage numeric, is_approved boolean",
        ),
        ("unit_count", "basis text, indicator_code text, unit_code text, counted_on date, numerator bigint, denominator bigint"),
        ("person", "basis text, indicator_code text, unit_code text, item text, is_numerator boolean"),
        ("expected", "basis text, coverage_code text, unit_code text, has_sent boolean"),
    ):
        _empty_table(connection, name, columns)


def _empty_table(connection: Connection, name: str, columns: str) -> None:
    """A temporary table of the transaction, empty. Emptying one takes some disks milliseconds, so what is made new is not emptied."""
    if connection.execute(text("select to_regclass(:t)"), {"t": f"pg_temp.{name}"}).scalar() is None:
        connection.execute(text(f"create temp table {name} ({columns}) on commit drop"))
    else:
        connection.execute(text(f"truncate {name}"))


def _measure(
    connection: Connection,
    settings: Settings,
    indicators: list[Indicator],
    basis: str,
    values: dict[str, Any],
    compared_on: date | None = None,
) -> None:
    """Count some indicators for one range of time into the temporary table `measured`, for every scope.

    `compared_on`: the D of the period that is compared with this one; a unit that is merged by then stands for its predecessors too.
    """
    for item in indicators:
        count = _COUNT_PERSONS if item.item == "person" else _COUNT_ROWS
        _run(connection, count, sql(settings, item.sql), values, code=item.code, counted_basis=basis)
    for code in sorted({item.coverage for item in indicators if item.coverage}):
        _run(connection, _EXPECT, sql(settings, f"coverage/{code}"), values, code=code, counted_basis=basis)
    listed = [{"code": item.code, "version": item.version, "kind": item.kind, "coverage": item.coverage} for item in indicators]
    run_file(
        connection,
        settings,
        "mart/measured",
        listed=json.dumps(listed),
        basis=basis,
        root=DISTRICT,
        last_day=values["last_day"],
        compared_on=compared_on,
    )


_COUNT_ROWS = """insert into unit_count
select :counted_basis, :code, x.unit_code, x.counted_on, count(*) filter (where x.is_numerator), count(*) from (
{sql}
) as x group by x.unit_code, x.counted_on"""
_COUNT_PERSONS = """insert into person
select :counted_basis, :code, x.unit_code, x.item, x.is_numerator from (
{sql}
) as x"""
_EXPECT = """insert into expected
select :counted_basis, :code, x.unit_code, x.has_sent from (
{sql}
) as x"""


_ITEMS = """insert into item_now
select :code, :basis, x.unit_code, x.item, x.is_numerator, x.counted_on from (
{sql}
) as x"""


def _run(connection: Connection, around: str, statement: str, values: dict[str, Any], **own: str) -> None:
    """Run an indicator's own SQL inside a statement that counts what it gives; `own`: the binds of that statement."""
    wanted = set(text(statement).compile().params)
    used = {key: value for key, value in values.items() if key in wanted}
    connection.execute(text(around.replace("{sql}", statement)), used | own)


def counted_items(
    connection: Connection,
    settings: Settings,
    indicators: list[Indicator],
    period: Period,
    clocks: Mapping[str, datetime | None],
    bases: Iterable[str],
) -> None:
    """What the indicators count in a period, item by item, into the temporary table `item_now` (emptied first)."""
    item_table(connection)
    for item in indicators:
        clock = clocks[item.source]
        if clock is None or midnight(period.start) >= clock:
            continue
        for basis in bases:
            values = binds(item.source, period, basis, clock, {name: clocks.get(name) for name in item.also})
            count_items(connection, settings, sql(settings, item.sql), values, item.code, basis)


def item_table(connection: Connection) -> None:
    """The temporary table `item_now`, empty."""
    columns = "indicator_code text, basis text, unit_code text, item text, is_numerator boolean, counted_on date"
    _empty_table(connection, "item_now", columns)


def count_items(connection: Connection, settings: Settings, statement: str, values: dict[str, Any], code: str, basis: str) -> None:
    """What a statement counts into `item_now`, each item under the unit for which it counts, or under `level:…` where there is none."""
    _run(connection, _ITEMS, statement, values, code=code, basis=basis)
    run_file(connection, settings, "mart/item_scope", code=code, basis=basis, last_day=values["last_day"], root=DISTRICT)


def _open_dossiers(connection: Connection, settings: Settings, source: str, period: Period, clock: datetime) -> None:
    values = binds(source, period, "period", clock)
    # a running period ended at an earlier T on a day on which no period ends: what was said of that day is of no use any more
    connection.execute(
        text(
            "delete from mart.dossier_open where source_code = :s and (as_of_date = :d or (as_of_date <> :running "
            "and extract(day from as_of_date) <> 14 and extract(day from as_of_date + 1) <> 1))"
        ),
        {"s": source, "d": values["last_day"], "running": last_day_before(clock)},
    )
    run_file(connection, settings, "mart/dossier_open", **values)


def _with_direction(connection: Connection, period: Period) -> set[str]:
    """The indicators for which the plan that holds in a period has a direction: they are compared with the year before."""
    plan = plan_of(connection, period)
    rows = connection.execute(
        text("select indicator_code from core.plan_target where plan_code = :plan and kind = 'direction' and ended_at is null"),
        {"plan": plan.plan_code},
    )
    return set(rows.scalars()) if plan.holds else set()


def _is_extracted(connection: Connection, source: str, period: Period) -> bool:
    """Whether what is covered without a hole reaches back to the start of a period's year to date."""
    row = connection.execute(
        text("select is_complete_from_start, earliest_from from ops.source_clock where source_code = :s"), {"s": source}
    ).one_or_none()
    return row is not None and (
        bool(row.is_complete_from_start) or (row.earliest_from is not None and row.earliest_from <= midnight(period.year_start))
    )


def months_of(periods: Iterable[Period], clock: datetime) -> list[date]:
    """The months in which periods end, as far as T lets them end."""
    return sorted({month_start(min(period.last_day, last_day_before(clock))) for period in periods})


def refresh_partition(settings: Settings, partition: str | None, periods: list[str]) -> list[str]:
    """What one run of the DAG asks for: a touched month (YYYY-MM), or periods by hand; what was done, in words.

    A run by hand that names nothing refreshes whatever waits.
    """
    if partition:
        done = refresh(settings, [parse_period(partition).start])
    elif periods:
        with engine(settings).connect() as connection:
            clocks = list(connection.execute(text("select known_at from ops.source_clock")).scalars())
        asked = [parse_period(code) for code in periods]
        done = refresh(settings, sorted({month for clock in clocks for month in months_of(asked, clock)}), force=True)
    else:
        done = refresh(settings)
    return [f"{item.source} {item.month:%Y-%m}: {item.periods} periods, {item.changed} values changed" for item in done]
