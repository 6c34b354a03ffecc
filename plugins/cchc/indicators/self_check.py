"""Count all half months again, and compare with what was kept: each week, so that no count can be wrong for long without a word."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, text

from cchc.errors import CchcError
from cchc.indicators.count import Asked, measure_additive, work_tables
from cchc.indicators.known_procedures import KnownProcedures
from cchc.indicators.refresh import wait_for_others
from cchc.period import BASES, last_day_before, midnight, month_start, periods_of_year
from cchc.reference.catalogue import catalogue, versions
from cchc.reference.dirty_months import mark_months_from
from cchc.reference.roles import Clocks, every_tree
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.queries import ask, run_statement

log = logging.getLogger(__name__)
NAMED = 5  # differences that the message names


def count_all_again(settings: Settings) -> str:
    """Count every half month anew from the dossiers, put the counts in place of what was kept, and say what was compared.

    Counts that nothing asks for any more are gone afterwards. Raises CchcError where a count that was kept as up to date differs: the
    counts are right then, and the months from the first difference on are marked, so that the next refresh writes the right values.
    """
    with engine(settings).begin() as connection:
        # a refresh beside it would sum counts that it has found up to date and that are gone meanwhile
        for role in sorted({item.role for item in catalogue(settings).values() if item.is_additive}):
            wait_for_others(connection, role)
        first = _keep(connection)
        if first is None:
            return "no half month is counted yet"
        run_statement(connection, "half_months/add_changes")
        for clocks in every_tree(connection):
            _count_tree(connection, settings, clocks, first)
        compared = connection.execute(
            text(
                "select count(*) from kept_half_month_counted as k inner join ops.half_month_counted as c "
                "on k.context = c.context and k.source_code = c.source_code and k.half_month = c.half_month"
            )
        ).scalar_one()
        found = ask(connection, "half_months/differing")
        differing = ((row["source_code"], row["half_month"]) for row in found)
        mark_from_first(connection, settings, differing, "a count of a half month was not up to date")
    said = f"{compared} half months of indicators counted again and compared: {len(found) or 'no'} differences"
    log.info("%s", said)
    if found:
        named = "; ".join(
            f"{row['indicator_code']} of {row['source_code']}, half month {row['half_month']}, unit {row['unit_code'] or 'none'}: kept "
            f"{row['kept_numerator']}/{row['kept_denominator']}, counted {row['new_numerator']}/{row['new_denominator']}"
            for row in found[:NAMED]
        )
        raise CchcError(
            f"{said}. A kept count was not up to date: {named}. The counts are right now, and the months are marked; run `cchc refresh`. "
            "Report it: a change of dossiers was not noted (ops.half_month_change)."
        )
    return said


def _keep(connection: Connection) -> date | None:
    """Move the kept counts into temporary tables; the first half month of them, None where there is none."""
    first: date | None = connection.execute(text("select min(half_month) from ops.half_month_counted")).scalar()
    for kept, table in (("kept_half_month", "half_month_count"), ("kept_half_month_counted", "half_month_counted")):
        connection.execute(text(f"create temp table {kept} on commit drop as select * from ops.{table}"))
        connection.execute(text(f"delete from ops.{table}"))
    return first


def _count_tree(connection: Connection, settings: Settings, clocks: Clocks, first: date) -> None:
    procedures = KnownProcedures(connection)
    for item in (item for known in versions(settings).values() for item in known if item.is_additive):
        known_at = clocks.known_at(item.role)
        if known_at is None:
            continue
        years = range(first.year, last_day_before(known_at).year + 2)
        periods = [period for year in years for period in periods_of_year(year) if midnight(period.start) < known_at]
        asked = [
            Asked(number, period, basis, basis, period.effective_last_day(known_at))
            for number, period in enumerate(periods)
            for basis in BASES
        ]
        work_tables(connection)
        measure_additive(procedures, settings, [item], clocks, asked)


def mark_from_first(connection: Connection, settings: Settings, differing: Iterable[tuple[str, date]], reason: str) -> None:
    """Mark the months of each source from its first difference on. `differing`: the source and the day of each difference."""
    first: dict[str, date] = {}
    for source, day in differing:
        first[source] = min(day, first.get(source, day))
    for source, day in sorted(first.items()):
        known_at = connection.execute(text("select known_at from ops.source_clock where source_code = :s"), {"s": source}).scalar()
        if known_at is not None:
            mark_months_from(connection, settings, source, month_start(day), known_at, reason)
