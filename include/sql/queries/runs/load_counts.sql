-- grain: one load of a run, with what became of its rows
-- source: ops.load (the manifest of its landing, and the counts of the load)

select
    load_id,
    entity,
    file_name,
    coalesce(cast(manifest ->> 'delivered' as bigint), landed) as delivered,
    coalesce(cast(manifest ->> 'merged' as bigint), 0) as merged,
    coalesce(cast(manifest ->> 'left_out' as bigint), 0) as left_out,
    landed,
    staged,
    quarantined,
    warned,
    secret,
    inserted,
    updated,
    unchanged,
    replaced,
    keyless,
    landed - inserted - updated - unchanged - replaced - keyless as not_loaded,
    status,
    message,
    seconds
from ops.load
where extract_id = :extract_id
order by load_id
