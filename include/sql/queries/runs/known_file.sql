-- grain: one row for each file of a source that was judged completely (loaded or blocked, or withdrawn afterwards): the hash of its newest load
-- source: ops.load

select distinct on (entity, file_name)
    entity,
    file_name,
    sha256
from ops.load
where
    source_code = :source and file_name is not null and sha256 is not null
    and status in ('loaded', 'blocked', 'withdrawn')
    and coalesce(manifest ->> 'complete', 'true') = 'true'
order by entity asc, file_name asc, load_id desc
