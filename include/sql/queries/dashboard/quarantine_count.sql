-- grain: one row: how many records are in quarantine, each once
-- source: ops.quarantine
-- traps: a warning is loaded and listed; its record is in no quarantine

with record as (
    select distinct
        q.source_code,
        q.entity,
        coalesce('key ' || q.key, q.file || ' ' || q.line) as name
    from ops.quarantine as q
    where q.action = 'quarantine' and q.resolved_at is null
)

select count(*) as record_count
from record
