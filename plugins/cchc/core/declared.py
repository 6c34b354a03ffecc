"""Declared workbooks: a later file of a unit and month replaces the earlier one as a whole, and both stay on record.

The file with the greatest (revision, known_at of its extract) is in force, whatever the order of arrival. A file with the same content
as the delivery before it is not stored again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection, text

from cchc.core.merge import Counts
from cchc.period import ZONE, now

FILE_KEY = "source_code, unit_code, month_start, file_revision, _first_seen_at"
FIGURE = (
    "source_code, unit_code, month_start, indicator_code, numerator, denominator, proof_sign, proof_date, is_approved, approved_date, "
    "file_revision, _first_seen_at, _content_hash, _load_id"
)


def merge_declared(
    connection: Connection, source: str, staged: str, known_at: datetime, marked_until: datetime, first_day: date
) -> dict[int, Counts]:
    """Store the files of one extract and their figures, and mark the months that they touch.

    Arguments: `staged`, the relation with the staged figures; `known_at`, the T of the extract; `marked_until`, the latest moment whose
    month may be marked; `first_day`, the first day whose periods are computed without a request. Returns the counts of each load by its id.
    """
    connection.execute(
        text(
            f"""create temp table declared_file on commit drop as
            select
                {FILE_KEY}, _load_id, min(_file) as file_name, count(*) as figure_count,
                md5(string_agg(concat_ws('|', _line, _content_hash), ',' order by indicator_code)) as content_hash
            from {staged}
            where numerator is not null
            group by {FILE_KEY}, _load_id"""
        )
    )
    same_file = " and ".join(f"v.{column} = n.{column}" for column in FILE_KEY.split(", "))
    # when the same file is staged again under the same known_at, its rows are replaced
    connection.execute(text(f"delete from core.declared_figure_version as v using declared_file as n where {same_file}"))
    connection.execute(
        text(
            f"insert into core.declared_file ({FILE_KEY}, file_name, figure_count, content_hash, _load_id) "
            f"select {FILE_KEY}, file_name, figure_count, content_hash, _load_id from declared_file "
            f"on conflict ({FILE_KEY}) do update set file_name = excluded.file_name, figure_count = excluded.figure_count, "
            "content_hash = excluded.content_hash, _load_id = excluded._load_id"
        )
    )
    connection.execute(
        text(
            f"insert into core.declared_figure_version ({FIGURE}, file_name, file_line) "
            f"select {FIGURE}, _file, _line from {staged} where numerator is not null order by unit_code, month_start, indicator_code"
        )
    )
    _drop_repeats(connection, source)
    _mark_months(connection, source, marked_until, first_day)
    rows = connection.execute(
        text(
            f"""select
                n._load_id, n.figure_count, v.unit_code is not null as is_kept,
                exists (
                    select 1 from core.declared_file as o
                    where o.source_code = n.source_code and o.unit_code = n.unit_code and o.month_start = n.month_start
                        and (o.file_revision, o._first_seen_at) <> (n.file_revision, n._first_seen_at)
                ) as has_other
            from declared_file as n left join core.declared_file as v on {same_file}"""
        )
    ).all()
    delivered = connection.execute(
        text(f"select _load_id, count(*) filter (where numerator is null) from {staged} group by _load_id")
    ).all()
    counts = {load: Counts(0, 0, 0, keyless=unreadable) for load, unreadable in delivered}
    for row in rows:
        new = row.figure_count if row.is_kept else 0
        counts[row[0]] = replace(
            counts[row[0]],
            inserted=0 if row.has_other else new,
            updated=new if row.has_other else 0,
            unchanged=row.figure_count - new,
        )
    return counts


def _drop_repeats(connection: Connection, source: str) -> None:
    """Delete each file whose content equals the delivery of the same revision before it, in whatever order the two arrived."""
    connection.execute(
        text(
            """create temp table repeated_file on commit drop as
            select unit_code, month_start, file_revision, _first_seen_at from (
                select f.*, lag(f.content_hash) over (
                    partition by f.unit_code, f.month_start, f.file_revision order by f._first_seen_at
                ) as hash_before
                from core.declared_file as f
                where f.source_code = :s and exists (
                    select 1 from declared_file as n where n.unit_code = f.unit_code and n.month_start = f.month_start
                )
            ) as placed
            where content_hash = hash_before"""
        ),
        {"s": source},
    )
    for table in ("core.declared_figure_version", "core.declared_file"):
        connection.execute(
            text(
                f"""delete from {table} as v using repeated_file as r
                where v.source_code = :s and v.unit_code = r.unit_code and v.month_start = r.month_start
                    and v.file_revision = r.file_revision and v._first_seen_at = r._first_seen_at"""
            ),
            {"s": source},
        )


def _mark_months(connection: Connection, source: str, marked_until: datetime, first_day: date) -> None:
    """Mark the month of each file, and the same month a year later, because it is compared with the month of the file.

    A declared figure counts in its own month only, so no other month is marked. Months before `first_day` are not marked, because no other
    source has a value there.
    """
    connection.execute(
        text(
            f"""insert into ops.dirty_month (source_code, month_start, reason, marked_at)
            select distinct cast(:s as text), cast(n.month_start + make_interval(years => y.years) as date),
                'declared figures that changed', cast(:now as timestamptz)
            from declared_file as n cross join (values (0), (1)) as y (years)
            where cast(n.month_start + make_interval(years => y.years) as timestamp) at time zone '{ZONE.key}'
                < cast(:marked_until as timestamptz)
                and n.month_start + make_interval(years => y.years) >= cast(:first_day as date)
            on conflict (source_code, month_start) do update set reason = excluded.reason, marked_at = excluded.marked_at"""
        ),
        {"s": source, "marked_until": marked_until, "now": now(), "first_day": first_day},
    )
