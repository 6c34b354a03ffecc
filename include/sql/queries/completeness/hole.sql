-- grain: one row for each window of change time that was never extracted from a source
-- source: mart.source_gap, ops.source_clock

select
    g.source_code,
    g.from_at,
    g.to_at,
    string_to_array(g.entities, ', ') as entities,
    c.known_at
from mart.source_gap as g
left join ops.source_clock as c on g.source_code = c.source_code
where g.gap_kind = 'hole'
order by g.source_code, g.from_at, g.to_at
