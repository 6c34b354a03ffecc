-- grain: one row for each extract of some loads that no retry of a list reads again yet
-- source: ops.load, ops.extract

select
    e.extract_id,
    e.source_code,
    e.window_from,
    e.window_to,
    e.status
from ops.extract as e
where
    e.extract_id in (select l.extract_id from ops.load as l where l.load_id = any(cast(:load_ids as bigint [])))
    and e.extract_id not in (select r.retry_of from ops.extract as r where r.extract_id = any(cast(:opened as bigint [])))
order by e.extract_id
