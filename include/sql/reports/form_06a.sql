-- grain: one row a level and field of form II.06a, for one scope
-- source: mart.form_06a
-- traps: names of the function's columns stand here and nowhere else in the reports

select
    f.level,
    f.field_code,
    f.field_name,
    f.received_total,
    f.received_online,
    f.received_other,
    f.carried_over,
    f.finished_total,
    f.early,
    f.on_time,
    f.late,
    f.open_total,
    f.open_in_time,
    f.open_past_due,
    f.returned_count,
    f.without_due_count
from mart.form_06a(cast(:kind as text), cast(:start as date), cast(:scope as text)) as f
order by case f.level when 'district' then 1 else 2 end, f.field_name collate "C", f.field_code collate "C"
