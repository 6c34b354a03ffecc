"""Count an indicator by half months, and keep the counts, so that a refresh counts again only what has changed.

Every period begins and ends on the 1st or the 15th of a month. For an indicator that is additive (the catalogue says so) the items of a
period are those of its half months, and they depend on the facts of dossiers (mart.dossier) and on assessments (core.assessment) alone,
beside what its context names: the SQL of the indicator, the units, and the list of procedures. A count is up to date where the context is
the same, where it ends at the same moment, and where no dossier or assessment of the half month has changed since: triggers keep how often
those of each unit have.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from cchc.indicators.known_procedures import KnownProcedures, SameLists
from cchc.period import ZONE, add_months, last_day_before, midnight, now
from cchc.warehouse import asked_binds, composed
from cchc.warehouse.queries import ask, read_statement, run_statement

NO_UNIT = ""  # the unit of dossiers without one in the tables of half months
MIDDLE = 15  # the day on which the second half of a month begins: report periods run from the 15th to the 14th


@dataclass(frozen=True)
class Counted:
    """One indicator as it is counted from one source: its SQL, and the spans that are asked for (bind values, see `count.binds`)."""

    code: str
    statement: str
    units: tuple[str, ...]
    asked: Sequence[tuple[int, str]]
    spans: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class _Part:
    """One half month of one indicator in one context. `end_at`: the moment before which its items lie; `flags_at`: that of the lists."""

    context: str
    half_month: date
    end_at: datetime
    flags_at: datetime


def half_month_of(day: date) -> date:
    """The first day of the half month of a day."""
    return day.replace(day=MIDDLE if day.day >= MIDDLE else 1)


def next_half_month(first: date) -> date:
    """The first day of the half month after the one that begins on `first`."""
    return add_months(first, 1).replace(day=1) if first.day == MIDDLE else first.replace(day=MIDDLE)


def half_months(span: Mapping[str, Any]) -> list[date]:
    """The half months of a span: none where it ends before it begins."""
    first, last = half_month_of(span["start_date"]), last_day_before(span["end_at"])
    found = []
    while first <= last:
        found.append(first)
        first = next_half_month(first)
    return found


def count_by_half_months(procedures: KnownProcedures, source: str, known_at: datetime, indicators: Sequence[Counted]) -> None:
    """Write the counts of some additive indicators of one source into the temporary table `unit_count`, for all their spans.

    The half months whose dossiers have changed, and those that were never counted, are counted first. `procedures`: those that were read
    on the connection, which is used.
    """
    connection = procedures.connection
    spans = [span for item in indicators for span in item.spans if half_months(span)]
    if not spans:
        return
    first = min(half_months(span)[0] for span in spans)
    last = max(half_months(span)[-1] for span in spans)
    contexts = Contexts(connection, source, known_at, [span["end_at"] for span in spans])
    parts, asked = _parts(indicators, contexts)
    named = sorted({part.context for known in parts.values() for part in known})
    while True:
        noted = ask(connection, "half_months/changes", source=source, first=first, last=last)
        changes = {row["half_month"]: row["changes"] for row in noted}
        counted = _counted(connection, source, named, first, last)
        for item in indicators:
            stale = _stale(parts[item.code], counted, changes)
            if stale:
                _count_again(procedures, source, known_at, item, stale, changes)
        # A figure as known at a moment is computed without the lock of a refresh, because it is never stored. A refresh that commits
        # between the two statements may have taken counts away, so what was summed is looked at again. What is counted once more belongs
        # to this transaction, and nobody can take it away.
        with connection.begin_nested() as savepoint:
            run_statement(connection, "half_months/sum", source=source, asked=json.dumps(asked))
            summed = _counted(connection, source, named, first, last)
            if not any(_stale(known, summed, changes) for known in parts.values()):
                return
            savepoint.rollback()


def _parts(indicators: Sequence[Counted], contexts: Contexts) -> tuple[dict[str, dict[_Part, None]], list[dict[str, Any]]]:
    """The half months that the spans of each indicator consist of, and what `half_months/sum` is asked for."""
    parts: dict[str, dict[_Part, None]] = {item.code: {} for item in indicators}
    asked = []
    for item in indicators:
        for (period_number, basis), span in zip(item.asked, item.spans, strict=True):
            inside = half_months(span)
            if not inside:
                continue
            context, flags_at = contexts.of(item, span["end_at"])
            asked.append(
                {
                    "period_number": period_number,
                    "basis": basis,
                    "indicator_code": item.code,
                    "context": context,
                    "first": inside[0].isoformat(),
                    "last": inside[-1].isoformat(),
                }
            )
            for half_month in inside:
                end_at = min(midnight(next_half_month(half_month)), span["end_at"])
                parts[item.code][_Part(context, half_month, end_at, flags_at)] = None
    return parts, asked


class Contexts:
    """What the counts of one source depend on, beside the dossiers: for each moment as of which the lists of procedures are read.

    Arguments: `known_at`, T of the source; `moments`, the ends of all spans that are asked for.
    """

    def __init__(self, connection: Connection, source: str, known_at: datetime, moments: Iterable[datetime]) -> None:
        units = ask(connection, "half_months/context")[0]["units"]
        self._always = f"{ZONE.key}|{units}"
        self._lists = (connection, source, known_at, sorted(set(moments)))
        self._flags: dict[datetime, tuple[str, datetime]] | None = None

    def of(self, item: Counted, end_at: datetime) -> tuple[str, datetime]:
        """The context of an indicator for a span that ends at `end_at`, and the moment as of which the lists of procedures are read."""
        flags, flags_at = "", self._lists[2]  # no list is read as of it
        if composed.reads_flags(item.statement):
            if self._flags is None:
                self._flags = self._read_flags()
            flags, flags_at = self._flags[end_at]
        whole = "|".join((item.code, item.statement, *item.units, self._always, flags))
        return hashlib.sha256(whole.encode()).hexdigest()[:32], flags_at

    def _read_flags(self) -> dict[datetime, tuple[str, datetime]]:
        connection, source, known_at, moments = self._lists
        same = SameLists(connection, [source]).of(moments, known_at)
        rows = ask(connection, "half_months/flags", source=source, known_at=known_at, moments=sorted(set(same.values())))
        flags = {row["moment"]: row["flags"] for row in rows}
        # two lists that bring the same procedures are one context, which has one moment
        moment_of = {of_moment: moment for moment, of_moment in flags.items()}
        return {moment: (flags[first], moment_of[flags[first]]) for moment, first in same.items()}


def _counted(connection: Connection, source: str, contexts: list[str], first: date, last: date) -> dict[tuple[str, date], Any]:
    rows = ask(connection, "half_months/counted", source=source, contexts=contexts, first=first, last=last)
    return {(row["context"], row["half_month"]): row for row in rows}


def _stale(
    parts: Iterable[_Part], counted: Mapping[tuple[str, date], Any], changes: Mapping[date, Mapping[str, int]]
) -> dict[_Part, list[str] | None]:
    """The half months that are counted again, each with the units whose dossiers have changed; None means all units."""
    found: dict[_Part, list[str] | None] = {}
    for part in parts:
        before, current = counted.get((part.context, part.half_month)), changes.get(part.half_month, {})
        if before is None or before["end_at"] != part.end_at:
            found[part] = None
        elif before["changes"] != current:
            # a sum never falls, but what was noted may be gone where the warehouse was restored from a copy
            both = sorted(before["changes"].keys() | current.keys())
            units = [unit for unit in both if before["changes"].get(unit) != current.get(unit)]
            found[part] = units if NO_UNIT not in units else None
    return found


def _count_again(
    procedures: KnownProcedures,
    source: str,
    known_at: datetime,
    item: Counted,
    stale: Mapping[_Part, list[str] | None],
    changes: Mapping[date, Mapping[str, int]],
) -> None:
    """Count some half months of one indicator again, and note what they were counted from."""
    rows = [
        {
            "span_number": number,
            "context": part.context,
            "half_month": part.half_month.isoformat(),
            "indicator_code": item.code,
            "start_at": midnight(part.half_month).isoformat(),
            "end_at": part.end_at.isoformat(),
            "units": units,
            "changes": changes.get(part.half_month, {}),
        }
        for number, (part, units) in enumerate(stale.items())
    ]
    connection, statement = procedures.connection, item.statement
    run_statement(connection, "half_months/forget", source=source, stale=json.dumps(rows))
    if composed.reads_flags(statement):
        asked = [{"source": source, "known_at": known_at, "end_at": part.flags_at} for part in stale]
        statement, placed = procedures.beside(statement, asked)
        rows = [row | {"lists_at": span["lists_at"].isoformat()} for row, span in zip(rows, placed, strict=True)]
    values = {"source": source, "zone": ZONE.key, "known_at": known_at, "units": list(item.units)}
    for is_whole in (True, False):
        chosen = [row for row in rows if (row["units"] is None) is is_whole]
        if chosen:
            whole = composed.count_half_months(statement, of_units=not is_whole)
            connection.execute(read_statement(whole), asked_binds(whole, values | {"spans": json.dumps(chosen)}))
    run_statement(connection, "half_months/note", source=source, stale=json.dumps(rows), now=now())
