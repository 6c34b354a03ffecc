-- grain: one row for each source, half month and unit in ops.half_month_change: their changes as one sum
-- source: ops.half_month_change
-- traps: every load adds rows. The sum stays the same in each moment that another transaction sees

with taken as (
    delete from ops.half_month_change as h
    returning
        h.source_code,
        h.half_month,
        h.unit_code,
        h.change_count
)

insert into ops.half_month_change (source_code, half_month, unit_code, change_count)
select
    t.source_code,
    t.half_month,
    t.unit_code,
    sum(t.change_count) as change_count
from taken as t
group by t.source_code, t.half_month, t.unit_code
