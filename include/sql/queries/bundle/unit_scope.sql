-- grain: one row for each unit and stretch of days: the scope for which a record of these days counts on the last day
-- source: core.unit_scope

select
    o.unit_code,
    o.from_date,
    o.to_date,
    o.scope_code,
    o.root_code
from core.unit_scope(cast(:last_day as date)) as o
