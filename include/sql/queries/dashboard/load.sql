-- grain: one row for each load, the newest first; with `load` that one alone
-- source: ops.load, ops.extract, core.source

select
    l.load_id,
    l.extract_id,
    l.source_code,
    coalesce(s.name_vi, l.source_code) as source_name,
    l.entity,
    l.file_name,
    coalesce(l.file_name, l.entity) as what,
    l.status,
    l.message,
    l.landed,
    l.staged,
    l.quarantined,
    l.warned,
    l.secret,
    l.inserted,
    l.updated,
    l.unchanged,
    l.replaced,
    l.window_from,
    l.window_to,
    l.started_at,
    l.ended_at,
    e.kind as run_kind,
    e.status as run_status
from ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
left join core.source as s on l.source_code = s.source_code
where cast(:load as bigint) is null or l.load_id = cast(:load as bigint)
order by l.load_id desc
