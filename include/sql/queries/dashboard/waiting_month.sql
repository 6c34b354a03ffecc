-- grain: one row for each source and month whose periods wait to be computed anew
-- source: ops.dirty_month, core.source

select
    m.source_code,
    coalesce(s.name_vi, m.source_code) as source_name,
    m.month_start,
    m.reason,
    m.marked_at
from ops.dirty_month as m
left join core.source as s on m.source_code = s.source_code
order by m.month_start, m.source_code
