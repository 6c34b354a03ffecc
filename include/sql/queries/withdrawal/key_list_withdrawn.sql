-- grain: one row for each month of the lists of keys of withdrawn loads, with their T and the T of the next list that still counts
-- source: ops.load, whose manifest names the months
-- traps: run after the loads are set to withdrawn; the temporary table lives until the end of the transaction. Lists that counted for nothing
--        (months_overtaken, migration 0057) are no neighbours, and what they said is not stored

create temp table withdrawn_list on commit drop as
with listed as (
    select
        l.load_id,
        l.source_code,
        l.status,
        l.window_to,
        cast(m.month || '-01' as date) as month_start
    from ops.load as l
    cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) as m (month)
    where l.source_code = cast(:source as text) and l.entity like '%.keys' and l.status in ('loaded', 'withdrawn')
),

overtaken as (
    select
        l.load_id,
        l.window_to,
        cast(m.month || '-01' as date) as month_start
    from ops.load as l
    cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months_overtaken', '[]')) as m (month)
    where l.source_code = cast(:source as text) and l.entity like '%.keys' and l.status = 'loaded'
)

select
    w.source_code,
    w.month_start,
    w.window_to as asked_at,
    min(n.window_to) filter (where n.window_to > w.window_to) as next_at,
    max(n.window_to) as newest_at,
    bool_or(
        exists (
            select 1
            from overtaken as v
            where v.month_start = w.month_start and v.window_to < w.window_to and v.load_id > w.load_id
        )
    ) as is_overtaken
from listed as w
left join listed as n on w.month_start = n.month_start and n.status = 'loaded'
where
    w.load_id = any(cast(:loads as bigint []))
    and not exists (
        select 1
        from listed as o
        where o.status = 'loaded' and o.month_start = w.month_start and o.window_to = w.window_to
    )
group by w.source_code, w.month_start, w.window_to
