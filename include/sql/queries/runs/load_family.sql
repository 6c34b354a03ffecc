-- grain: one row for each of the given loads, and for each load that reads the same landing (retries of it, and what it retries)
-- source: ops.load
-- traps: a retry delivers the same once more, so what is withdrawn of the one is withdrawn of the other

with recursive retried as (
    select
        load_id,
        retry_of
    from ops.load
    where load_id = any(cast(:load_ids as bigint []))
    union
    select
        p.load_id,
        p.retry_of
    from ops.load as p
    inner join retried as r on p.load_id = r.retry_of
),

family as (
    select load_id
    from retried
    union
    select c.load_id
    from ops.load as c
    inner join family as f on c.retry_of = f.load_id
)

select
    l.load_id,
    l.extract_id,
    l.retry_of,
    l.source_code,
    l.entity,
    l.file_name,
    l.status,
    l.window_to,
    l.landing_path,
    l.manifest
from ops.load as l
inner join family as f on l.load_id = f.load_id
order by l.load_id
