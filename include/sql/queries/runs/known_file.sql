-- grain: one row for each file of a source that was judged completely (loaded or blocked, or withdrawn afterwards): the hash of its newest load,
-- and what a folder on a server listed of it (`stamp`)
-- source: ops.load

select distinct on (entity, file_name)
    entity,
    file_name,
    sha256,
    -- a blocked file is judged again when the profile changes, so it is always read
    case when status <> 'blocked' then manifest ->> 'stamp' end as stamp
from ops.load
where
    source_code = :source and file_name is not null and sha256 is not null
    and status in ('loaded', 'blocked', 'withdrawn')
    and coalesce(manifest ->> 'complete', 'true') = 'true'
order by entity asc, file_name asc, load_id desc
