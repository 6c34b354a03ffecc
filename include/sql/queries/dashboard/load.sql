-- grain: one row for each load, the newest first; with `load` that one alone
-- source: ops.load, ops.extract, core.source
-- traps: read_count = left_out_count + merged_count + landed, and landed = inserted + updated + unchanged + replaced + keyless + not_loaded;
--        the header of a table is no row of it

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
    coalesce(cast(l.manifest ->> 'delivered' as bigint), l.landed) + a.row_count as read_count,
    a.row_count
    + coalesce(cast(l.manifest ->> 'left_out' as bigint), 0)
    + coalesce(cast(l.manifest ->> 'late' as bigint), 0)
    + coalesce(cast(l.manifest ->> 'secret' as bigint), 0) as left_out_count,
    coalesce(cast(l.manifest ->> 'merged' as bigint), 0)
    + coalesce(cast(l.manifest ->> 'seen_before' as bigint), 0) as merged_count,
    coalesce(cast(l.manifest ->> 'other_sheets' as bigint), 0) as other_sheets,
    l.landed,
    l.staged,
    l.quarantined,
    l.warned,
    l.secret,
    l.inserted,
    l.updated,
    l.unchanged,
    l.replaced,
    l.keyless,
    l.landed - l.inserted - l.updated - l.unchanged - l.replaced - l.keyless as not_loaded,
    l.window_from,
    l.window_to,
    l.started_at,
    l.ended_at,
    e.kind as run_kind,
    e.status as run_status
from ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
cross join lateral (
    select
        coalesce(sum(cast(f.value as bigint)) filter (where f.key not in ('end_row', 'sheets', 'names', 'valueless')), 0)
        + coalesce(cast(jsonb_typeof(l.manifest -> 'trailer') = 'object' as integer), 0) as row_count
    from jsonb_each_text(coalesce(l.manifest -> 'left_alone', '{}')) as f
) as a
left join core.source as s on l.source_code = s.source_code
where cast(:load as bigint) is null or l.load_id = cast(:load as bigint)
order by l.load_id desc
