"""The months that must be computed again: they are marked in ops.dirty_month until a refresh has computed them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, text

from cchc.period import now
from cchc.reference.plan import first_day
from cchc.settings import Settings
from cchc.warehouse import run_file, sql


def mark_dirty_months(connection: Connection, settings: Settings, source: str, dated: str, marked_until: datetime, reason: str) -> int:
    """Mark the months whose periods may have other values because the records of some days changed.

    Arguments: `dated`, a query that returns those days as ranges (from_date, to_date), both included; to_date null means no end;
    `marked_until`, the latest moment up to which months are marked; `reason`, a text for people. A day counts in the year to date of every
    later month of its year, so those months are marked too. A day from 15 December on also counts in the next report year (Decree
    09/2019/NĐ-CP). Returns how many months were marked.
    """
    connection.execute(text(f"create temp view changed_day (from_date, to_date) as {dated}"))
    marked: int = run_file(
        connection,
        settings,
        "ops/dirty_month_by_day",
        source=source,
        marked_until=marked_until,
        reason=reason,
        now=now(),
        first_day=first_day(settings),
    ).rowcount
    connection.execute(text("drop view changed_day"))
    return marked


def mark_months_from(connection: Connection, settings: Settings, source: str, first: date, marked_until: datetime, reason: str) -> int:
    """Mark every month from the day `first` on, up to the month of `marked_until`. Returns how many months were marked."""
    dated = f"select cast('{first}' as date) as from_date, cast(null as date) as to_date"
    return mark_dirty_months(connection, settings, source, dated, marked_until, reason)


def mark_months(connection: Connection, settings: Settings, source: str, months: Iterable[date], reason: str) -> None:
    """Mark these months (their first days) of a source."""
    rows = [{"source": source, "month": month, "reason": reason, "now": now()} for month in sorted(months)]
    if rows:
        connection.execute(text(sql(settings, "ops/dirty_month")), rows)


def dirty_months(connection: Connection, sources: Iterable[str] | None = None) -> dict[str, list[str]]:
    """The months (YYYY-MM) that wait for a refresh, by source. `sources`: only these; None means all."""
    rows = connection.execute(text("select source_code, to_char(month_start, 'YYYY-MM') from ops.dirty_month order by 1, 2")).all()
    months: dict[str, list[str]] = {}
    for source, month in rows:
        if sources is None or source in sources:
            months.setdefault(source, []).append(month)
    return months
