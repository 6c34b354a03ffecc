-- grain: one row for each unit that was ever listed
-- source: core.unit

select u.unit_code
from core.unit as u
order by u.unit_code
