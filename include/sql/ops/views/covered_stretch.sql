-- grain: one row for each source, entity and time window that was extracted without a hole
-- source: ops.extract, ops.coverage
-- traps: the entities of the newest extract are the entities of the source; an extract without rows in ops.coverage covers all of them

create or replace view ops.covered_stretch as
with newest as (
    select
        e.source_code,
        max(e.extract_id) as extract_id
    from ops.extract as e
    where
        e.status = 'complete'
        and (e.kind = 'ingest' or exists (select 1 from ops.coverage as c where c.extract_id = e.extract_id))
    group by e.source_code
),

-- the entities of the newest extract are the entities of the source; an extract without rows in ops.coverage covers all of them
entity as (
    select
        n.source_code,
        coalesce(c.entity, '*') as entity
    from newest as n
    left join ops.coverage as c on n.extract_id = c.extract_id
),

covered as (
    select
        n.source_code,
        n.entity,
        coalesce(c.from_at, '-infinity') as from_at,
        c.to_at,
        c.is_base
    from entity as n
    inner join ops.coverage as c on n.source_code = c.source_code and n.entity = c.entity
    inner join ops.extract as e on c.extract_id = e.extract_id and e.status = 'complete'
    union all
    select
        n.source_code,
        n.entity,
        coalesce(e.window_from, '-infinity') as from_at,
        e.window_to as to_at,
        e.window_from is null as is_base
    from entity as n
    inner join ops.extract as e on n.source_code = e.source_code and e.status = 'complete' and e.kind = 'ingest'
    where not exists (select 1 from ops.coverage as c where c.extract_id = e.extract_id)
),

reached as (
    select
        c.*,
        max(c.to_at) over (
            partition by c.source_code, c.entity order by c.from_at, c.to_at
            rows between unbounded preceding and 1 preceding
        ) as reached_at
    from covered as c
),

numbered as (
    select
        r.*,
        count(*) filter (where r.from_at > r.reached_at) over (
            partition by r.source_code, r.entity order by r.from_at, r.to_at
            rows between unbounded preceding and current row
        ) as hole_count
    from reached as r
)

select
    n.source_code,
    n.entity,
    n.hole_count as stretch_number,
    min(n.from_at) as from_at,
    max(n.to_at) as to_at,
    bool_or(n.is_base) as is_base
from numbered as n
group by n.source_code, n.entity, n.hole_count;
comment on view ops.covered_stretch is 'One row an entity of a source and stretch of change time that is covered without a hole';
comment on column ops.covered_stretch.source_code is 'Source';
comment on column ops.covered_stretch.entity is 'Entity; * where the extracts do not tell them apart';
comment on column ops.covered_stretch.stretch_number is 'Number of the holes before it';
comment on column ops.covered_stretch.from_at is 'Lower end (inclusive); -infinity = from the beginning';
comment on column ops.covered_stretch.to_at is 'Upper end (exclusive)';
comment on column ops.covered_stretch.is_base is 'Whether it reaches back to all that is expected; T can only lie at the end of such a stretch';
