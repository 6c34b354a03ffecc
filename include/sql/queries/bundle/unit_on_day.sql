-- grain: one row for each unit and stretch of days: the unit for which its records of these days count
-- source: core.unit_on_day

select
    o.unit_code,
    o.from_date,
    o.to_date,
    o.counted_code
from core.unit_on_day as o
