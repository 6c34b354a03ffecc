"""Count the items that the SQL of each indicator returns, by unit and day, and sum them for every scope.

The sums are in the temporary table `measured`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.indicators.half_months import Counted, count_by_half_months
from cchc.indicators.known_procedures import KnownProcedures
from cchc.period import ZONE, Period, midnight
from cchc.reference.catalogue import Indicator
from cchc.reference.roles import Clocks
from cchc.settings import Settings
from cchc.warehouse import asked_binds, composed, run_file, sql
from cchc.warehouse.queries import read_statement


@dataclass(frozen=True)
class Asked:
    """One basis of one period that is counted.

    `period_number`: the place of the period among those that are computed together. `period`: the period whose records are counted.
    `counted_from`: the basis from which they are counted, "period" or "year_to_date". `basis`: the name of the basis in `measured`.
    `last_day`: the last day of the values. `compared_on`: the last day of the period that is compared with this one; on that day a merged
    unit also counts for its predecessors. `codes`: the only indicators that are counted; None means all of them.
    """

    period_number: int
    period: Period
    counted_from: str
    basis: str
    last_day: date
    compared_on: date | None = None
    codes: frozenset[str] | None = None

    def counts(self, code: str) -> bool:
        """Whether an indicator is counted."""
        return self.codes is None or code in self.codes


def binds(source: str, period: Period, basis: str, known_at: datetime, units: Iterable[str] = ()) -> dict[str, Any]:
    """The bind values that the SQL of an indicator may use, for one source and one basis.

    Arguments: `known_at`, the moment up to which the source is known; `units`, the units that the catalogue names for the indicator. In the
    result, `end_at` is the moment at which counting ends (the end of the period, or `known_at` if that is earlier), `last_day` the local
    day of the last instant before it, `start_date` and `start_at` the beginning of the basis, and `zone` the time zone of local days.
    """
    return {
        "source": source,
        "zone": ZONE.key,
        "units": list(units),
        "start_date": period.first_day(basis),
        "start_at": midnight(period.first_day(basis)),
        "year_start_at": midnight(period.year_start),
        "end_at": period.end_at(known_at),
        "last_day": period.effective_last_day(known_at),
        "known_at": known_at,
    }


def work_tables(connection: Connection) -> None:
    """Create the empty temporary tables in which the items of a period are counted."""
    for name, columns in (
        (
            "measured",
            "period_number integer, indicator_code text, formula_version integer, kind text, unit_code text, level text, basis text, "
            "numerator bigint, denominator bigint, coverage numeric, is_approved boolean",
        ),
        (
            "unit_count",
            "period_number integer, basis text, indicator_code text, unit_code text, counted_on date, numerator bigint, denominator bigint",
        ),
        ("person", "period_number integer, basis text, indicator_code text, unit_code text, item text, is_numerator boolean"),
        ("expected", "period_number integer, basis text, coverage_code text, unit_code text, has_sent boolean"),
    ):
        _empty_table(connection, name, columns)


def _empty_table(connection: Connection, name: str, columns: str) -> None:
    """Make sure that a temporary table of the transaction exists and is empty.

    A table that is created here is not truncated, because a truncate takes milliseconds on some disks.
    """
    if connection.execute(text("select to_regclass(:t)"), {"t": f"pg_temp.{name}"}).scalar() is None:
        connection.execute(text(f"create temp table {name} ({columns}) on commit drop"))
    else:
        connection.execute(text(f"truncate {name}"))


def measure(connection: Connection, settings: Settings, indicators: Sequence[Indicator], clocks: Clocks, asked: Sequence[Asked]) -> None:
    """Count some indicators of several periods and bases, for every scope of the tree of `clocks`, into the temporary table `measured`.

    Each source of a role is counted up to its own end_at. All periods and bases of an indicator are one statement: a month that is
    refreshed has up to eight periods with three bases each, and planning and sending a statement takes longer than counting a few records.
    """
    procedures = KnownProcedures(connection)
    for item in indicators:
        count = composed.count_distinct if item.is_distinct else composed.count_rows
        wanted = [each for each in asked if each.counts(item.code)]
        for role in item.roles:
            statement = sql(settings, item.part(role))
            if item.is_additive and role == item.role:
                statement = composed.additive_and_other(statement)[1]
            for source, known_at in clocks.of(role).items() if statement else ():
                spans = [binds(source, each.period, each.counted_from, known_at) for each in wanted]
                _count(procedures, count, statement, wanted, spans, code=item.code, units=list(item.units))
    measure_additive(procedures, settings, [item for item in indicators if item.is_additive], clocks, asked)
    for code, part, role in sorted(
        {(item.coverage, item.coverage_part(role), role) for item in indicators if item.coverage for role in item.roles}
    ):
        covered = [item.code for item in indicators if item.coverage == code]
        wanted = [each for each in asked if any(each.counts(covered_code) for covered_code in covered)]
        for source, known_at in clocks.of(role).items():
            # who is expected to send is asked for D of the value, whatever the T of this source
            spans = [binds(source, each.period, each.counted_from, known_at) | {"last_day": each.last_day} for each in wanted]
            _count(procedures, composed.count_expected, sql(settings, part), wanted, spans, code=str(code), units=[])
    listed = [{"code": item.code, "version": item.version, "kind": item.kind, "coverage": item.coverage} for item in indicators]
    # PostgreSQL takes a temporary table that it has not counted for a small one, and compares every count with every unit
    connection.execute(text("analyze unit_count, person, expected"))
    run_file(
        connection,
        settings,
        "queries/values/measured",
        listed=json.dumps(listed),
        asked=json.dumps([_asked(each) for each in asked]),
        root=clocks.root,
        is_bound=clocks.is_own,
    )


def measure_additive(
    procedures: KnownProcedures, settings: Settings, indicators: Sequence[Indicator], clocks: Clocks, asked: Sequence[Asked]
) -> None:
    """Count by half months what the additive indicators of one role count so. `procedures`: those that were read on the connection."""
    if not indicators:
        return
    for source, known_at in clocks.of(indicators[0].role).items():
        counted = []
        for item in indicators:
            wanted = [each for each in asked if each.counts(item.code)]
            names = [(each.period_number, each.basis) for each in wanted]
            spans = [binds(source, each.period, each.counted_from, known_at) for each in wanted]
            statement, _ = composed.additive_and_other(sql(settings, item.sql))
            counted.append(Counted(item.code, statement, item.units, names, spans))
        count_by_half_months(procedures, source, known_at, counted)


def _asked(each: Asked) -> dict[str, Any]:
    """A row of `asked` in measured.sql."""
    return {
        "period_number": each.period_number,
        "basis": each.basis,
        "last_day": each.last_day.isoformat(),
        "compared_on": each.compared_on and each.compared_on.isoformat(),
        "codes": None if each.codes is None else sorted(each.codes),
    }


def _count(
    procedures: KnownProcedures,
    around: Callable[[str], str],
    statement: str,
    asked: Sequence[Asked],
    spans: Sequence[dict[str, Any]],
    *,
    code: str,
    units: list[str],
) -> None:
    """Run the SQL of an indicator for several spans, inside the statement that `around` makes of it.

    `spans`: the bind values of each of `asked`. Those that are equal in all that the SQL binds are counted once: what is read as of the
    last day is the same for every period that ends on it, and a year to date for every kind of period.
    """
    if not spans:
        return
    statement, spans = procedures.beside(statement, spans)
    used, numbers = sorted(composed.binds_of_span(statement)), dict[tuple[str, ...], int]()
    rows = []
    for each, span in zip(asked, spans, strict=True):
        number = numbers.setdefault(tuple(span[name].isoformat() for name in used), len(numbers))
        rows.append({"span_number": number, "period_number": each.period_number, "basis": each.basis})
    different = [{"span_number": number, **dict(zip(used, values, strict=True))} for values, number in numbers.items()]
    values = spans[0] | {"spans": json.dumps(different), "asked": json.dumps(rows), "code": code, "units": units}
    whole = around(statement)
    procedures.connection.execute(read_statement(whole), asked_binds(whole, values))


def counted_items(
    connection: Connection,
    settings: Settings,
    indicators: list[Indicator],
    period: Period,
    clocks: Clocks,
    bases: Iterable[str],
    followed: Collection[str] = (),
) -> None:
    """Write every item that the indicators count in a period into the temporary table `item_now`, which is emptied first.

    `followed`: the indicators (codes) of which only the dossiers in the temporary table `changed_since` are written.
    """
    item_table(connection)
    for item in indicators:
        known_at = clocks.known_at(item.role)
        if known_at is None or midnight(period.start) >= known_at:
            continue
        for basis in bases:
            for role in item.roles:
                for source, source_known_at in clocks.of(role).items():
                    values = binds(source, period, basis, source_known_at, item.units)
                    statement = sql(settings, item.part(role))
                    if item.code in followed:
                        statement = composed.of_changed_dossiers(statement)
                    count_items(connection, settings, statement, values, item.code, basis, clocks.root)
            if item.is_distinct and any(len(clocks.of(role)) > 1 for role in item.roles):
                run_file(connection, settings, "queries/values/item_once", code=item.code, basis=basis)


def item_table(connection: Connection) -> None:
    """Create the temporary table `item_now`, or empty it."""
    columns = "indicator_code text, basis text, unit_code text, item text, is_numerator boolean, counted_on date"
    _empty_table(connection, "item_now", columns)


def count_items(
    connection: Connection, settings: Settings, statement: str, values: dict[str, Any], code: str, basis: str, root: str
) -> None:
    """Write the items that a statement returns into `item_now`, each with the unit for which it counts.

    An item that counts for no unit, but only in a level, gets `level:…` as its unit. Arguments: `values`, the bind values of the statement;
    `code`, the indicator; `root`, the root of the tree of units.
    """
    whole = f"with counted_item as (\n{statement}\n)\n{sql(settings, 'queries/values/item')}"
    own = {"code": code, "basis": basis, "last_day": values["last_day"], "root": root}
    connection.execute(read_statement(whole), asked_binds(statement, values) | own)
