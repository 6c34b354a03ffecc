-- grain: one row for each payment that counts differently than when its period was published
-- source: changed_item (temporary), core.payment_version, core.payment_day
-- traps: the highest revision of a day replaces the whole day. A payment that is no longer in it is deleted, and one that is in it again
--        is restored

insert into learnt (record, item, is_deleted, is_restored, is_left_out, is_late, is_changed)
with asked as (
    select distinct
        c.item,
        l.source as source_code,
        coalesce(cast(cast(:published_clocks as jsonb) ->> l.source as timestamptz), '-infinity') as published_at
    from changed_item as c
    inner join jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text, source text) on c.indicator_code = l.code
    where l.record = 'payment'
),

version as (
    select
        a.item,
        a.published_at,
        v._first_seen_at,
        v._is_current,
        v._failed_rules,
        v._first_seen_at <= a.published_at
        and v.file_revision = (
            select max(d.file_revision)
            from core.payment_day as d
            where d.source_code = v.source_code and d.file_date = v.file_date and d._first_seen_at <= a.published_at
        ) as was_in_force
    from asked as a
    inner join core.payment_version as v on a.source_code = v.source_code and a.item = v._key
),

standing as (
    select
        v.item,
        bool_or(v._is_current) as is_there,
        bool_or(v.was_in_force) as was_there,
        bool_or(v._is_current and v._failed_rules is not null) as is_failed,
        bool_or(v.was_in_force and v._failed_rules is not null) as was_failed,
        min(v._first_seen_at) > max(v.published_at) as is_late,
        max(v._first_seen_at) > max(v.published_at) as is_changed
    from version as v
    group by v.item
)

select
    'payment' as record,
    s.item,
    s.was_there and not s.is_there as is_deleted,
    s.is_there and not s.was_there and not s.is_late as is_restored,
    s.is_there and s.was_there and s.is_failed <> s.was_failed as is_left_out,
    s.is_late,
    s.is_changed
from standing as s
order by s.item
