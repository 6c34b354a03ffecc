-- grain: one row for each field of a load of which too many values cannot be read
-- source: ops.load_field

select
    f.field,
    f.column_name,
    f.unreadable_count,
    f.filled_count
from ops.load_field as f
where
    f.load_id = :load_id
    and f.unreadable_count > :rows
    and f.unreadable_count > :share * f.filled_count
order by f.field
