-- grain: one row for each file or entity of a source whose newest load is blocked, failed or waiting
-- source: ops.load, ops.extract
-- traps: a load that is in work or was given up does not count; a file is left out if a later revision of the same day was loaded. What
--        waits is told anew by each run, so what the newest run does not tell has been removed or completed; a
--        retry looks at no delivery

with newest as (
    select distinct on (source_code, entity, file_name)
        load_id, extract_id, source_code, entity, file_name, status, message, manifest, started_at,
        case when manifest ->> 'revision' ~ '^[0-9]{1,9}$' then cast(manifest ->> 'revision' as integer) end as revision
    from ops.load
    where status in ('loaded', 'blocked', 'failed', 'waiting')
    order by source_code asc, entity asc, file_name asc, load_id desc
),

last_run as (
    select source_code, max(extract_id) as extract_id
    from ops.extract
    where status in ('complete', 'blocked') and kind <> 'retry'
    group by source_code
)

select
    n.load_id,
    n.source_code,
    n.entity,
    coalesce(n.file_name, n.entity) as what,
    n.status,
    n.message,
    n.started_at,
    n.manifest -> 'lacks' as lacks
from newest as n
left join last_run as r on n.source_code = r.source_code
where
    n.status in ('blocked', 'failed', 'waiting')
    and (n.status <> 'waiting' or n.extract_id >= coalesce(r.extract_id, n.extract_id))
    and not exists (
        select 1
        from newest as b
        where
            b.source_code = n.source_code and b.entity = n.entity and b.status = 'loaded'
            and b.manifest ->> 'file_date' = n.manifest ->> 'file_date' and b.revision > n.revision
    )
order by n.source_code, what
