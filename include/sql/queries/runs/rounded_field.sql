-- grain: one row for each load of a run and field of which values were rounded to whole numbers
-- source: ops.load_field, ops.load

select
    l.source_code,
    l.entity,
    l.file_name,
    f.field,
    f.column_name,
    f.filled_count,
    f.rounded_count
from ops.load_field as f
inner join ops.load as l on f.load_id = l.load_id
where l.extract_id = :extract_id and l.status = 'loaded' and f.rounded_count > 0
order by f.load_id, f.field
