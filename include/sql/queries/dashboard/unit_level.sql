-- grain: one row for each unit that ever existed, as it is on a day
-- source: core.unit_at

select
    u.unit_code,
    u.name,
    u.level
from core.unit_at(cast(:d as date)) as u
