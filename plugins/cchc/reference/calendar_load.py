"""Load the working calendar into the warehouse, describe what changed in it, and mark the months that the change touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import Connection, text

from cchc.reference import calendar
from cchc.reference.catalogue import catalogue, statement_of, without_comments
from cchc.reference.dirty_months import mark_dirty_months
from cchc.reference.roles import marking_source, role_clocks
from cchc.settings import Settings
from cchc.warehouse import query, sql

LIMIT = 5  # a changed procedure must be published by the fifth working day after the decision
REACH = timedelta(days=60)  # 5 working days always end within this time, even across the longest Tết holiday
REASON = "the working calendar changed"


def load_calendar(connection: Connection, settings: Settings) -> list[str]:
    """Bring core.working_day up to date. Returns a sentence for each day that changed, or that no override decides any more.

    When a swap of working days is decided late, edit working_day_overrides.csv and run `cchc init`. Months are marked if the limit for the
    publication of a procedure now falls on another day; the next `cchc refresh` computes them. Raises NotConfigured if the overrides cannot
    be read.
    """
    days = calendar.working_days(settings.authority_dir)
    before = {row["day"]: row for row in query(connection, "select day, is_working, reason, is_decided from core.working_day")}
    changed = [
        day
        for day in days
        if (row := before.get(day.day)) is None or tuple(row.values())[1:] != (day.is_working, day.reason or None, day.is_decided)
    ]
    if changed:
        statement = text(sql(settings, "core/working_day"))
        connection.execute(statement, [day._asdict() | {"reason": day.reason or None} for day in changed])
    messages, otherwise = [], []
    for day in changed:
        row = before.get(day.day)
        if row is None:
            continue
        is_other = row["is_working"] != day.is_working
        if is_other:
            otherwise.append(day.day)
        if is_other or (row["is_decided"] and not day.is_decided):
            messages.append(_describe_changes(day, is_other=is_other, was_decided=row["is_decided"]))
    if otherwise:
        limits = _changed_limits({one: row["is_working"] for one, row in before.items()}, {d.day: d.is_working for d in days}, otherwise)
        _mark(connection, settings, limits)
    return messages


def _describe_changes(day: calendar.Day, *, is_other: bool, was_decided: bool) -> str:
    judged = f"{'a' if day.is_working else 'no'} working day"
    by = f" ({day.reason})" if day.reason else ""
    if was_decided and not day.is_decided:
        before = f"before: {'no' if day.is_working else 'a'} working day" if is_other else "as before"
        return f"{day.day} is not in {calendar.FILE} any more: the calendar of public holidays judges it, {judged}{by}; {before}"
    return f"{day.day} is {judged} now{by}"


def _changed_limits(before: Mapping[date, bool], after: Mapping[date, bool], changed: Sequence[date]) -> list[date]:
    """The days after which the fifth working day is a different day than before."""
    near = sorted({day - timedelta(days=n) for day in changed for n in range(1, REACH.days)} & set(after))
    return [day for day in near if _limit(before, day) != _limit(after, day)]


def _limit(calendar_: Mapping[date, bool], day: date) -> date | None:
    """The fifth working day after a day; None if the calendar ends before it."""
    left = LIMIT
    while left:
        day += timedelta(days=1)
        if day not in calendar_:
            return None
        left -= calendar_[day]
    return day


def _mark(connection: Connection, settings: Settings, decided: list[date]) -> None:
    """Mark the months of the decisions that were made on these days, for every role whose indicators count working days."""
    if not decided:
        return
    borders = [decided[0], *(day for before, day in pairwise(decided) if day - before > timedelta(days=1))]
    spans = [
        (first, max(day for day in decided if day < (later or date.max)))
        for first, later in zip(borders, [*borders[1:], None], strict=True)
    ]
    dated = " union all ".join(f"select date '{first}' as from_date, date '{last}' as to_date" for first, last in spans)
    clocks = role_clocks(connection)
    for role in sorted(
        {item.role for item in catalogue(settings).values() if "core.working_day" in without_comments(statement_of(settings, item))}
    ):
        marking = marking_source(clocks, role)
        if marking is not None:
            mark_dirty_months(connection, settings, marking[0], dated, marking[1], REASON)
