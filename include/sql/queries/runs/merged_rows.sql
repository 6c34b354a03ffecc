-- grain: one row for each loaded load of a run, in which several rows of one key became one, or of which rows were left out
-- source: ops.load (the manifest of its landing, and the counts of the load)

select
    source_code,
    entity,
    file_name,
    replaced,
    coalesce(cast(manifest ->> 'merged' as bigint), 0) as merged,
    coalesce(cast(manifest ->> 'left_out' as bigint), 0) as left_out,
    coalesce(cast(manifest ->> 'delivered' as bigint), landed) as delivered
from ops.load
where
    extract_id = :extract_id
    and status = 'loaded'
    and (replaced > 0 or cast(manifest ->> 'merged' as bigint) > 0 or cast(manifest ->> 'left_out' as bigint) > 0)
order by load_id
