-- grain: one row for each loaded file of a run of which something was left out: late records, sheets that are not read
-- source: ops.load (the manifest of its landing)

select
    source_code,
    entity,
    file_name,
    coalesce(cast(manifest ->> 'late' as integer), 0) as late,
    coalesce(cast(manifest ->> 'other_sheets' as integer), 0) as other_sheets
from ops.load
where
    extract_id = :extract_id
    and status = 'loaded'
    and file_name is not null
    and (cast(manifest ->> 'late' as integer) > 0 or cast(manifest ->> 'other_sheets' as integer) > 0)
order by load_id
