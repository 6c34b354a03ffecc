"""Count what the indicators' own SQL gives: items by unit and day, summed for every scope into the temporary table `measured`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import Period, midnight
from cchc.reference.catalogue import Indicator
from cchc.reference.plan import DISTRICT
from cchc.settings import Settings
from cchc.warehouse import known_at, run_file, sql

NEVER = "-infinity"


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


def measure(
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
        _run(connection, _EXPECT, sql(settings, f"queries/coverage/{code}"), values, code=code, counted_basis=basis)
    listed = [{"code": item.code, "version": item.version, "kind": item.kind, "coverage": item.coverage} for item in indicators]
    run_file(
        connection,
        settings,
        "queries/values/measured",
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
    run_file(connection, settings, "queries/values/item_scope", code=code, basis=basis, last_day=values["last_day"], root=DISTRICT)
