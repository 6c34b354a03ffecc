"""Recompute the indicators that count some sources, for some months.

A month includes every period that ends in it. Months that are computed together share each statement, because sending and planning a
statement takes longer than counting a few records. A running period ends at known_at, so a running year belongs to the
month of known_at. Each indicator uses known_at of the sources that fill its role. Values that did not change are not written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from cchc.indicators.compute import compute
from cchc.period import Period, last_day_before, month_start, periods_ending_in
from cchc.reference.catalogue import Indicator, catalogue, versions
from cchc.reference.roles import Clocks, role_clocks, roles_of, roots_of
from cchc.settings import Settings
from cchc.warehouse.locks import REFERENCE, hold, share
from cchc.warehouse.queries import run_statement


@dataclass(frozen=True)
class Recomputed:
    """The indicators of one role that were computed for one period, in the tree of `clocks`.

    `month`: the month in which the period ends; `changed`: how many values changed.
    """

    indicators: list[Indicator]
    month: date
    period: Period
    changed: int
    clocks: Clocks


def recompute(connection: Connection, settings: Settings, marks: Mapping[date, Iterable[str]]) -> list[Recomputed]:
    """Compute every period that ends in some months for the indicators that count their sources, and delete the marks of the months.

    `marks`: the first day of each month, and the sources that count there. What two months or sources have in common is computed once. The
    caller owns the transaction: after an interrupted refresh the marks still exist, so the next refresh computes the months again.
    """
    # A plan or a calendar that came between two statements would judge some values otherwise than the others, and would not mark them
    # again, because it sees what was stored before. First of all locks, as in a closing.
    share(connection, REFERENCE)
    listed = [(source, month) for month, sources in sorted(marks.items()) for source in sorted(set(sources))]
    # The marks are deleted first, and the deleted rows stay locked: a load that marks a month again waits for this transaction to end,
    # and its mark is not lost. Of several months those marks stay that a load holds at this moment: waiting for them could become a
    # deadlock with that load, and the next refresh computes these months again.
    run_statement(
        connection,
        "months/take_mark" if len(marks) == 1 else "months/take_free_marks",
        sources=[source for source, _ in listed],
        months=[month for _, month in listed],
    )
    items = list(catalogue(settings).values())
    roles = {source: frozenset(roles_of(connection, source)) for source in sorted({source for source, _ in listed})}
    done: list[Recomputed] = []
    for role in sorted({item.role for item in items for filled in roles.values() if filled & set(item.roles)}):
        wait_for_others(connection, role)
        for asked in _asked(connection, items, role, roles, listed):
            month_of = {period: month for month in asked.months for period in periods_ending_in(month, asked.known_at)}
            for indicators, periods in _by_version(settings, asked.codes, month_of):
                changed = compute(connection, settings, indicators, role, periods, asked.clocks)
                done += [
                    Recomputed(indicators, month_of[period], period, count, asked.clocks)
                    for period, count in zip(periods, changed, strict=True)
                ]
    return done


def wait_for_others(connection: Connection, role: str) -> None:
    """Wait until no other transaction computes a role, and keep the others out until this one ends."""
    hold(connection, f"refresh {role}")


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
    """What is computed of one role in the tree of `clocks`: the indicators `codes` of the periods that end in `months`."""

    clocks: Clocks
    known_at: datetime
    codes: frozenset[str]
    months: tuple[date, ...]


def _asked(
    connection: Connection, items: list[Indicator], role: str, roles: Mapping[str, frozenset[str]], marks: Iterable[tuple[str, date]]
) -> list[_Asked]:
    """What is computed of one role. `roles`: what each source fills; `marks`: the sources and months whose mark is there."""
    codes: dict[tuple[str, datetime, date], set[str]] = {}
    trees: dict[str, Clocks] = {}  # read once: two sources of a role are counted by the same clocks, whatever a load moves meanwhile
    own = [item for item in items if item.role == role]
    of_source = {source: {item.code for item in own if filled & set(item.roles)} for source, filled in roles.items()}
    roots = {source: roots_of(connection, source) for source, counted in of_source.items() if counted}
    for source, month in marks:
        for root in roots.get(source, ()):
            if root not in trees:
                trees[root] = role_clocks(connection, root)
            clocks = trees[root]
            known_at = clocks.known_at(role)
            if known_at is None:
                continue
            # A record of a source that lies after known_at of the role counts in the periods that run at known_at of the role.
            last = month_start(last_day_before(known_at))
            is_beyond = role not in roles[source] or len(clocks.of(role)) > 1
            computed = min(month, last) if is_beyond else month
            codes.setdefault((root, known_at, computed), set()).update(of_source[source])
    together: dict[tuple[str, datetime, frozenset[str]], list[date]] = {}
    for (root, known_at, month), of_month in sorted(codes.items()):
        together.setdefault((root, known_at, frozenset(of_month)), []).append(month)
    return [_Asked(trees[root], known_at, known, tuple(months)) for (root, known_at, known), months in together.items()]


def months_of(periods: Iterable[Period], known_at: datetime) -> list[date]:
    """The months (their first days) in which periods end; a period that runs at `known_at` ends there."""
    return sorted({month_start(min(period.last_day, last_day_before(known_at))) for period in periods})
