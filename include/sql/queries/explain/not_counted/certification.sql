-- grain: one row for each unit: unit_code, counted_on, item, reason
-- source: core.unit_at
-- counts: every unit. The statement around this one takes away the units that should certify; `reason` says of the others why they need not
-- traps: a reason is the first that applies

select
    u.unit_code,
    cast(null as date) as counted_on,
    u.unit_code as item,
    case
        when not u.is_valid then 'unit_not_valid'
        when u.kind <> 'commune' and u.unit_code <> all(cast(:units as text[])) then 'no_certifying_unit'
        else 'definition'
    end as reason
from core.unit_at(cast(:last_day as date)) as u
