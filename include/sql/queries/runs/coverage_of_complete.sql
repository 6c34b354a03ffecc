-- grain: one row for each complete extract of a source without coverage rows of its own, and entity of the source
-- source: ops.extract, ops.covered_stretch

insert into ops.coverage (extract_id, source_code, entity, from_at, to_at, is_base)
with known as (
    select distinct
        source_code,
        entity
    from ops.covered_stretch
)

select
    e.extract_id,
    e.source_code,
    s.entity,
    e.window_from,
    e.window_to,
    e.window_from is null as is_base
from ops.extract as e
inner join known as s on e.source_code = s.source_code
where
    e.source_code = :s and e.status = 'complete' and e.kind = 'ingest'
    and not exists (select 1 from ops.coverage as c where c.extract_id = e.extract_id)
