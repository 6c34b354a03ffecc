-- grain: one row for each load that is published together with one of the given loads: an extract without files is published as a whole
-- source: ops.load, ops.extract
-- traps: a day that was asked for over HTTP or in a database (`asked_day`) has a name, and is no file
-- traps: a retry has an extract of its own, and belongs to the one whose landing it reads

with recursive origin as (
    select
        e.extract_id,
        e.retry_of
    from ops.extract as e
    inner join ops.load as l on e.extract_id = l.extract_id
    where l.load_id = any(cast(:load_ids as bigint [])) and (l.file_name is null or l.manifest ->> 'asked_day' is not null)
    union
    select
        p.extract_id,
        p.retry_of
    from ops.extract as p
    inner join origin as o on p.extract_id = o.retry_of
),

related as (
    select extract_id
    from origin
    union
    select c.extract_id
    from ops.extract as c
    inner join related as r on c.retry_of = r.extract_id
)

select l.load_id
from ops.load as l
inner join related as r on l.extract_id = r.extract_id
where l.status = 'loaded' and (l.file_name is null or l.manifest ->> 'asked_day' is not null)
order by l.load_id
