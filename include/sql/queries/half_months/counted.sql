-- grain: one row for each half month of a source that is counted in one of some contexts
-- source: ops.half_month_counted

select
    c.context,
    c.half_month,
    c.end_at,
    c.changes
from ops.half_month_counted as c
where
    c.source_code = cast(:source as text)
    and c.context = any(cast(:contexts as text[]))
    and c.half_month >= cast(:first as date)
    and c.half_month <= cast(:last as date)
