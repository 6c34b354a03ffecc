-- grain: one row for each load that is asked for
-- source: ops.load

select
    l.load_id,
    l.source_code,
    l.entity,
    l.file_name,
    l.window_to as known_at,
    l.ended_at
from ops.load as l
where l.load_id = any(cast(:loads as bigint[]))
order by l.load_id
