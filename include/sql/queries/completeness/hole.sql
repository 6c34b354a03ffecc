-- grain: one row for each window of change time that was never extracted from a source
-- source: ops.coverage_hole, ops.source_clock

select
    h.source_code,
    h.from_at,
    h.to_at,
    array_agg(h.entity order by h.entity) as entities,
    min(c.known_at) as known_at
from ops.coverage_hole as h
left join ops.source_clock as c on h.source_code = c.source_code
group by h.source_code, h.from_at, h.to_at
order by h.source_code, h.from_at, h.to_at
