"""Payment files, one for each day: the highest valid revision of a day replaces the whole day.

If one key stands in the files of two days, the row of the later day is in force. `core.payment_version` keeps the rows of every valid
file; `_is_current` marks the rows in force.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core.merge import Counts, columns_of
from cchc.models import MODELS
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings


def merge_payments(
    connection: Connection, settings: Settings, source: str, staged: str, changed: str, marked_until: datetime, extract_id: int
) -> dict[int, Counts]:
    """Store the rows of the validated files of an extract, decide which rows are in force, and mark the months of their days.

    Arguments: `staged`, the relation with the staged rows; `changed`, the name of the temporary table to create with the touched days;
    `marked_until`, the latest moment whose month may be marked. Returns the counts of each load by its id.
    """
    target = MODELS["payment"]
    stored = columns_of(connection, target.versions)
    key = ", ".join(target.primary_key)
    connection.execute(
        text(
            """insert into core.payment_day
                (source_code, file_date, file_revision, _first_seen_at, file_name, row_count, amount_vnd, _load_id)
            select
                l.source_code,
                cast(l.manifest ->> 'file_date' as date),
                cast(l.manifest ->> 'revision' as integer),
                l.window_to,
                l.file_name,
                cast(l.manifest ->> 'rows_delivered' as bigint),
                cast(l.manifest ->> 'amount_delivered' as bigint),
                l.load_id
            from ops.load as l
            where l.status = 'validated' and l.extract_id = :x and l.file_name is not null
            on conflict (source_code, file_date, file_revision, _first_seen_at) do update set
                file_name = excluded.file_name, row_count = excluded.row_count,
                amount_vnd = excluded.amount_vnd, _load_id = excluded._load_id"""
        ),
        {"x": extract_id},
    )
    connection.execute(
        text(
            f"""create temp table {changed} on commit drop as
            select distinct d.source_code, d.file_date from core.payment_day as d
            inner join ops.load as l on l.load_id = d._load_id and l.status = 'validated' and l.extract_id = :x"""
        ),
        {"x": extract_id},
    )
    values = ", ".join("false" if column == "_is_current" else f"s.{column}" for column in stored)
    assignments = ", ".join(f"{column} = excluded.{column}" for column in stored if column not in target.primary_key)
    alike = "core.payment_version._content_hash is distinct from excluded._content_hash"
    connection.execute(
        text(
            f"insert into core.payment_version ({', '.join(stored)}) select distinct on ({key}) {values} from {staged} as s "
            f"order by {key}, s._load_id desc, s._line desc on conflict ({key}) do update set {assignments} where {alike} "
            "or core.payment_version._failed_rules is distinct from excluded._failed_rules"
        )
    )
    # A key of a touched day may also stand in other days, so for all its rows it is decided again which one is in force.
    connection.execute(
        text(
            f"""create temp table {changed}_key on commit drop as
            select distinct v.source_code, v._key from core.payment_version as v inner join {changed} as c
            using (source_code, file_date)"""
        )
    )
    decide_in_force(connection, f"{changed}_key")
    mark_dirty_months(
        connection,
        settings,
        source,
        f"select distinct v.file_date as from_date, v.file_date as to_date from core.payment_version as v "
        f"inner join {changed}_key as c using (source_code, _key)",
        marked_until,
        "payment days that changed",
    )
    counts = connection.execute(
        text(
            f"""with delivered as (select _load_id, count(*) as placed from {staged} group by _load_id),
            kept as (select distinct {key}, _load_id from {staged})
            select
                d._load_id,
                count(*) filter (where v._load_id = k._load_id) as inserted,
                count(*) filter (where v._load_id is distinct from k._load_id) as unchanged,
                d.placed - count(*) as replaced
            from delivered as d
            inner join kept as k on k._load_id = d._load_id
            left join core.payment_version as v on {" and ".join(f"v.{c} = k.{c}" for c in target.primary_key)}
            group by d._load_id, d.placed"""
        )
    ).all()
    return {row[0]: Counts(row[1], 0, row[2], row[3]) for row in counts}


def decide_in_force(connection: Connection, changed: str) -> None:
    """Set `_is_current` on the row in force of each key in the temporary table `changed`.

    That is the row of the latest day, in the highest valid revision of that day.
    """
    connection.execute(text(f"analyze {changed}"))
    connection.execute(
        text(
            f"""update core.payment_version as v set _is_current = i.is_current from (
                with in_force as (
                    select distinct on (source_code, file_date) source_code, file_date, file_revision, _first_seen_at
                    from core.payment_day
                    order by source_code, file_date, file_revision desc, _first_seen_at desc
                )
                select
                    p.source_code, p.file_date, p.file_revision, p._key, p._first_seen_at,
                    f.file_date is not null and row_number() over (
                        partition by p.source_code, p._key order by (f.file_date is null), p.file_date desc
                    ) = 1 as is_current
                from core.payment_version as p
                inner join {changed} using (source_code, _key)
                left join in_force as f
                    on f.source_code = p.source_code and f.file_date = p.file_date
                    and f.file_revision = p.file_revision and f._first_seen_at = p._first_seen_at
            ) as i
            where v.source_code = i.source_code and v.file_date = i.file_date and v.file_revision = i.file_revision
                and v._key = i._key and v._first_seen_at = i._first_seen_at and v._is_current is distinct from i.is_current"""
        )
    )
