-- grain: one row for each unit as it is on one day
-- source: core.unit_at

select
    cast(:last_day as date) as on_day,
    u.unit_code,
    u.name,
    u.level,
    u.kind,
    u.root_code,
    u.is_founded,
    u.is_valid
from core.unit_at(cast(:last_day as date)) as u
