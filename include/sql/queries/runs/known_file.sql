-- grain: one row for each file of a source that was judged completely (loaded or blocked, or withdrawn afterwards): the hash of its newest load,
-- and what a folder on a server listed of it (`stamp`)
-- source: ops.load, ops.check_result
-- traps: a file that an earlier version blocked because the staging table had lost its rows (rule COUNTS) was not judged: it is read again

select distinct on (l.entity, l.file_name)
    l.entity,
    l.file_name,
    l.sha256,
    -- a blocked file is judged again when the profile changes, so it is always read
    case when l.status <> 'blocked' then l.manifest ->> 'stamp' end as stamp
from ops.load as l
where
    l.source_code = :source and l.file_name is not null and l.sha256 is not null
    and l.status in ('loaded', 'blocked', 'withdrawn')
    and coalesce(l.manifest ->> 'complete', 'true') = 'true'
    and not (
        l.status = 'blocked'
        and exists (select 1 from ops.check_result as c where c.load_id = l.load_id and c.rule = 'COUNTS' and not c.is_success)
    )
order by l.entity asc, l.file_name asc, l.load_id desc
