-- grain: one row for each declared figure that changed, was removed or was added since the period was published
-- source: changed_item (temporary), core.declared_figure_version, core.declared_figure_at
-- traps: the record is unit, month and indicator. A figure that the newest file of its unit no longer has is deleted

insert into learnt (record, item, unit_code, is_deleted, is_restored, is_left_out, is_late, is_changed)
with asked as (
    select distinct
        c.item,
        c.unit_code,
        c.indicator_code,
        c.declared_by,
        c.change,
        l.source as source_code,
        coalesce(cast(cast(:published_clocks as jsonb) ->> l.source as timestamptz), '-infinity') as published_at
    from changed_item as c
    inner join jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text, source text) on c.indicator_code = l.code
    where l.record = 'declared'
),

learnt_of as (
    select
        a.item,
        a.unit_code,
        a.change,
        min(v._first_seen_at) > max(a.published_at) as is_late,
        max(v._first_seen_at) > max(a.published_at) as is_changed,
        exists (
            select 1
            from core.declared_figure_at(a.source_code, cast(:month_start as date), 'infinity') as f
            where f.unit_code = a.declared_by and f.indicator_code = a.indicator_code
        ) as is_there
    from asked as a
    inner join core.declared_figure_version as v
        on
            a.source_code = v.source_code
            and a.declared_by = v.unit_code
            and a.indicator_code = v.indicator_code
            and v.month_start = cast(:month_start as date)
    group by a.item, a.unit_code, a.change, a.source_code, a.declared_by, a.indicator_code
)

select
    'declared' as record,
    o.item,
    o.unit_code,
    o.change = 'removed' and not o.is_there as is_deleted,
    o.change = 'added' and not o.is_late as is_restored,
    false as is_left_out,
    o.is_late,
    o.is_changed
from learnt_of as o
order by o.item, o.unit_code
