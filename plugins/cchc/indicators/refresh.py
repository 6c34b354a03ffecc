"""Recompute the indicators of one month and source (design.md §1, *refresh*).

A month is the unit of work: it holds every period that ends in it, as far as T lets it end (a running year ends in the month of T).
Each indicator follows the T of the sources that fill its role. Rows that come out as before are not written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from cchc.indicators.compute import compute
from cchc.period import Period, last_day_before, month_start, periods_ending_in
from cchc.reference.catalogue import Indicator, catalogue
from cchc.reference.roles import Clocks, role_clocks, roles_of, roots_of
from cchc.settings import Settings


@dataclass(frozen=True)
class Recomputed:
    """The indicators of one role, computed for one period in the tree of `clocks`; `changed`: how many values are others than before."""

    indicators: list[Indicator]
    period: Period
    changed: int
    clocks: Clocks


def recompute(connection: Connection, settings: Settings, source: str, month: date) -> list[Recomputed]:
    """Compute every period that ends in a month for the indicators that count a source, and clear the mark of the month.

    The caller owns the transaction: a refresh that is cut off is taken up again, because its mark is still there.
    """
    filled = roles_of(connection, source)
    concerned: dict[str, list[Indicator]] = {}
    for item in catalogue(settings).values():
        if filled & set(item.roles):
            concerned.setdefault(item.role, []).append(item)
    done: list[Recomputed] = []
    # the mark goes first and holds the row: a load that marks the month again waits for us, and its mark survives us
    connection.execute(text("delete from ops.dirty_month where source_code = :s and month_start = :m"), {"s": source, "m": month})
    for role, indicators in sorted(concerned.items()):
        connection.execute(text("select pg_advisory_xact_lock(hashtext(:k))"), {"k": f"refresh {role}"})
        for root in roots_of(connection, source):
            clocks = role_clocks(connection, root)
            known_at = clocks.known_at(role)
            if known_at is None:
                continue
            # what a source brings beyond the T of the role stands in the periods of the role that run then
            last = month_start(last_day_before(known_at))
            is_beyond = role not in filled or len(clocks.of(role)) > 1
            for period in periods_ending_in(min(month, last) if is_beyond else month, known_at):
                done.append(Recomputed(indicators, period, compute(connection, settings, indicators, role, period, clocks), clocks))
    return done


def months_of(periods: Iterable[Period], known_at: datetime) -> list[date]:
    """The months in which periods end, as far as T lets them end."""
    return sorted({month_start(min(period.last_day, last_day_before(known_at))) for period in periods})
