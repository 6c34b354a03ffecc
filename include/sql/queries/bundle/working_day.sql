-- grain: one row for each working day
-- source: core.working_day

select w.day
from core.working_day as w
where w.is_working and w.day >= cast(:start_date as date) and w.day <= cast(:last_day as date) + 90
