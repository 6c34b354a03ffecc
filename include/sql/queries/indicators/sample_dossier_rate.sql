-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.procedure_in_force; plan 53 T06 (2.1); indicators.md §4
-- traps: a stock at D: existence and dates as known at T, flags as of the newest list at or before J

select
    p.unit_code,
    cast(null as date) as counted_on,
    p.procedure_code as item,
    coalesce(p.has_sample_dossier, false) as is_numerator
from core.procedure_in_force(
    cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
) as p
