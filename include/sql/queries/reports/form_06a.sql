-- grain: one row for each level and field of form II.06a, for one scope
-- source: mart.form_06a
-- traps: its columns are taken by their place: level, field, columns 3 to 13, the two counts of the footnote

select f.*
from mart.form_06a(cast(:kind as text), cast(:start as date), cast(:scope as text)) as f (
    level,
    field_code,
    field_name,
    received_total,
    received_online,
    received_other,
    carried_over,
    finished_total,
    early,
    on_time,
    late,
    open_total,
    open_in_time,
    open_past_due,
    returned_count,
    without_due_count
)
order by case f.level when 'district' then 1 else 2 end asc, f.field_name collate "C" asc nulls last, f.field_code collate "C" asc nulls last
