-- grain: one row for each half month of a source in which dossiers have changed: how often those of each unit have
-- source: ops.half_month_change
-- traps: it is read before the dossiers are counted: what changes meanwhile is then counted again

select
    c.half_month,
    jsonb_object_agg(c.unit_code, c.change_count) as changes
from (
    select
        h.half_month,
        h.unit_code,
        sum(h.change_count) as change_count
    from ops.half_month_change as h
    where h.source_code = cast(:source as text) and h.half_month >= cast(:first as date) and h.half_month <= cast(:last as date)
    group by h.half_month, h.unit_code
) as c
group by c.half_month
