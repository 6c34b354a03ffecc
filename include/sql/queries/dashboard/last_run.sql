-- grain: one row for each source that was ever run and kind of its runs: its newest run
-- source: ops.extract
-- traps: a retry reads the landing of an older extract, so it is judged apart from the ingests

select distinct on (e.source_code, e.kind)
    e.source_code,
    e.kind,
    e.extract_id,
    e.status,
    e.message,
    e.window_to,
    e.started_at,
    e.ended_at
from ops.extract as e
order by e.source_code asc, e.kind asc, e.extract_id desc
