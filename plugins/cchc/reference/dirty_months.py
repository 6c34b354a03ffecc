"""The months that must be computed again: they are marked in ops.dirty_month until a refresh has computed them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, text

from cchc.period import ZONE, now
from cchc.reference.plan import first_day
from cchc.settings import Settings


def mark_dirty_months(connection: Connection, settings: Settings, source: str, dated: str, marked_until: datetime, reason: str) -> int:
    """Mark the months whose periods may have other values because the records of some days changed.

    Arguments: `dated`, a query that returns those days as ranges (from_date, to_date), both included; to_date null means no end;
    `marked_until`, the latest moment up to which months are marked; `reason`, a text for people. A day counts in the year to date of every
    later month of its year, so those months are marked too. A day from 15 December on also counts in the next report year (Decree
    09/2019/NĐ-CP). Returns how many months were marked.
    """
    return connection.execute(
        text(
            f"""insert into ops.dirty_month (source_code, month_start, reason, marked_at)
            with dated as ({dated}),
            spanned as (
                select distinct
                    cast(date_trunc('month', greatest(from_date, cast(:first_day as date))) as date) as first_month,
                    least(
                        -- greatest() passes over a null: an open end is asked for by itself
                        case
                            when to_date is null then cast('9999-01-01' as date)
                            else cast(date_trunc('year', greatest(to_date, from_date) + 17) as date) + interval '11 months'
                        end,
                        date_trunc('month', cast((cast(:marked_until as timestamptz) - interval '1 microsecond')
                            at time zone '{ZONE.key}' as date))
                    ) as last_month
                from dated
                where from_date is not null and coalesce(to_date >= cast(:first_day as date) - 31, true)
            )
            select distinct cast(:source as text), cast(m as date), cast(:reason as text), cast(:now as timestamptz)
            from spanned cross join lateral generate_series(first_month, last_month, interval '1 month') as m
            on conflict (source_code, month_start) do update set reason = excluded.reason, marked_at = excluded.marked_at"""
        ),
        {"source": source, "marked_until": marked_until, "reason": reason, "now": now(), "first_day": first_day(settings)},
    ).rowcount


def mark_months_from(connection: Connection, settings: Settings, source: str, first: date, marked_until: datetime, reason: str) -> int:
    """Mark every month from the day `first` on, up to the month of `marked_until`. Returns how many months were marked."""
    dated = f"select cast('{first}' as date) as from_date, cast(null as date) as to_date"
    return mark_dirty_months(connection, settings, source, dated, marked_until, reason)


def dirty_months(connection: Connection, sources: Iterable[str] | None = None) -> dict[str, list[str]]:
    """The months (YYYY-MM) that wait for a refresh, by source. `sources`: only these; None means all."""
    rows = connection.execute(text("select source_code, to_char(month_start, 'YYYY-MM') from ops.dirty_month order by 1, 2")).all()
    months: dict[str, list[str]] = {}
    for source, month in rows:
        if sources is None or source in sources:
            months.setdefault(source, []).append(month)
    return months
