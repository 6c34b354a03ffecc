-- grain: one row for each field of one load
-- source: ops.load_field
-- traps: counts alone; no value of a field is kept

select
    f.field,
    f.column_name,
    f.record_count,
    f.present_count,
    f.filled_count
from ops.load_field as f
where f.load_id = cast(:load as bigint)
order by f.field
