"""Recompute the indicators that count some sources, for one month.

A month is the unit of work: it includes every period that ends in it. A running period ends at known_at, so a running year belongs to the
month of known_at. Each indicator uses known_at of the sources that fill its role. Values that did not change are not written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from cchc.indicators.compute import compute
from cchc.period import Period, last_day_before, month_start, periods_ending_in
from cchc.reference.catalogue import Indicator, catalogue, versions
from cchc.reference.roles import Clocks, role_clocks, roles_of, roots_of
from cchc.settings import Settings


@dataclass(frozen=True)
class Recomputed:
    """The indicators of one role that were computed for one period, in the tree of `clocks`. `changed`: how many values changed."""

    indicators: list[Indicator]
    period: Period
    changed: int
    clocks: Clocks


def recompute(connection: Connection, settings: Settings, sources: Iterable[str], month: date) -> list[Recomputed]:
    """Compute every period that ends in a month for the indicators that count one of these sources, and delete their marks of the month.

    `month`: the first day of the month. What two of the sources have in common is computed once. The caller owns the transaction: after an
    interrupted refresh the marks still exist, so the next refresh computes the month again.
    """
    named = sorted(set(sources))
    # The marks are deleted first, and the deleted rows stay locked: a load that marks the month again waits for this transaction to end,
    # and its mark is not lost.
    connection.execute(text("delete from ops.dirty_month where source_code = any(:s) and month_start = :m"), {"s": named, "m": month})
    items = catalogue(settings).values()
    concerned: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for source in named:
        filled = frozenset(roles_of(connection, source))
        for role in {item.role for item in items if filled & set(item.roles)}:
            concerned.setdefault(role, []).append((source, filled))
    done: list[Recomputed] = []
    for role, marked in sorted(concerned.items()):
        wait_for_others(connection, role)
        for asked in _asked(connection, list(items), role, marked, month):
            for indicators, periods in _by_version(settings, asked.codes, periods_ending_in(asked.month, asked.known_at)):
                changed = compute(connection, settings, indicators, role, periods, asked.clocks)
                done += [Recomputed(indicators, period, count, asked.clocks) for period, count in zip(periods, changed, strict=True)]
    return done


def wait_for_others(connection: Connection, role: str) -> None:
    """Wait until no other transaction computes a role, and keep the others out until this one ends."""
    connection.execute(text("select pg_advisory_xact_lock(hashtext(:k))"), {"k": f"refresh {role}"})


def _by_version(settings: Settings, codes: Collection[str], periods: Iterable[Period]) -> list[tuple[list[Indicator], list[Period]]]:
    """The indicators of some codes in the versions that hold, with the periods in which they do.

    One entry, but where the formula of an indicator changes between the last days of the periods.
    """
    known = [each for code, each in versions(settings).items() if code in codes]
    found: dict[tuple[Indicator, ...], list[Period]] = {}
    for period in periods:
        found.setdefault(tuple(next(item for item in each if item.holds(period.last_day)) for each in known), []).append(period)
    return [(list(items), inside) for items, inside in found.items()]


@dataclass(frozen=True)
class _Asked:
    """What is computed of one role in the tree of `clocks`: the indicators `codes` of the periods that end in `month`."""

    clocks: Clocks
    known_at: datetime
    month: date
    codes: set[str]


def _asked(
    connection: Connection, items: list[Indicator], role: str, marked: list[tuple[str, frozenset[str]]], month: date
) -> list[_Asked]:
    """What is computed of one role. `marked`: the sources whose mark is there, each with the roles that it fills."""
    asked: dict[tuple[str, date], _Asked] = {}
    trees: dict[str, Clocks] = {}  # read once: two sources of a role are counted by the same clocks, whatever a load moves meanwhile
    for source, filled in marked:
        for root in roots_of(connection, source):
            if root not in trees:
                trees[root] = role_clocks(connection, root)
            clocks = trees[root]
            known_at = clocks.known_at(role)
            if known_at is None:
                continue
            # A record of a source that lies after known_at of the role counts in the periods that run at known_at of the role.
            last = month_start(last_day_before(known_at))
            is_beyond = role not in filled or len(clocks.of(role)) > 1
            computed = min(month, last) if is_beyond else month
            one = asked.setdefault((root, computed), _Asked(clocks, known_at, computed, set()))
            one.codes.update(item.code for item in items if item.role == role and filled & set(item.roles))
    return [one for _, one in sorted(asked.items())]


def months_of(periods: Iterable[Period], known_at: datetime) -> list[date]:
    """The months (their first days) in which periods end; a period that runs at `known_at` ends there."""
    return sorted({month_start(min(period.last_day, last_day_before(known_at))) for period in periods})
