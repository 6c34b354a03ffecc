-- grain: one row for each entity and field of a source: how many records of its loaded deliveries had it
-- source: ops.load_field, ops.load
-- traps: in a table every record has all columns, so only the values show that a field is delivered

select
    l.entity,
    f.field,
    sum(f.record_count) as records,
    sum(f.present_count) as present,
    sum(
        case when l.file_name ~* '\.(csv|xlsx)(\.gz)?$' then coalesce(f.filled_count, f.present_count) else f.present_count end
    ) as shown
from ops.load_field as f
inner join ops.load as l on f.load_id = l.load_id
where l.source_code = :source and l.status = 'loaded'
group by l.entity, f.field
