-- grain: one row for each kind of values and each unknown code that the newest extract with records of an entity was the first to bring
-- source: ops.drift, ops.load
-- traps: what an earlier extract brought first is not told again

with newest as (
    select
        entity,
        max(extract_id) as extract_id
    from ops.load as l
    where
        source_code = :source and status = 'loaded'
        and exists (select 1 from ops.load_field as f where f.load_id = l.load_id and f.record_count > 0)
    group by entity
)

select
    d.entity,
    l.extract_id,
    l.window_to,
    d.field,
    d.column_name,
    d.change,
    d.word,
    d.record_count,
    d.changed_count
from ops.drift as d
inner join ops.load as l on d.load_id = l.load_id
inner join newest as n on l.entity = n.entity and l.extract_id = n.extract_id
where d.source_code = :source and d.change in ('kind', 'code')
order by d.entity, d.change, d.field, d.word
