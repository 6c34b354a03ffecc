-- grain: one row for each counted item: unit_code, counted_on, item, is_numerator
-- source: core.procedure_in_force; Decision 766, online services
-- traps: of all procedures in force at D, not only of those that are eligible to go online

select
    p.unit_code,
    cast(null as date) as counted_on,
    p.procedure_code as item,
    coalesce(p.service_level in (3, 4), false) as is_numerator
from core.procedure_in_force(
    cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
) as p
