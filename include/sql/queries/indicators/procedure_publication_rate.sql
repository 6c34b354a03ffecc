-- grain: one row for each procedure in force at a unit: unit_code, counted_on, item, is_numerator
-- source: core.procedure_in_force; plan 53, target T04 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every procedure in force. The numerator is those published on or before the last day
-- clocks: the state on last_day (D, the last counted day of the period). Which entries exist, and their dates, are those of the newest
--        list known at known_at (T, the moment up to which the source is known). The other facts of an entry are those of the newest
--        list fetched at or before end_at (J, the end of the period, or known_at if that is earlier), or of the oldest list that has the
--        entry if there is none
-- traps: the date of publication belongs to the dates of an entry, so it is the one known at known_at

select
    p.unit_code,
    cast(null as date) as counted_on,
    p.procedure_code as item,
    coalesce(p.published_date <= cast(:last_day as date), false) as is_numerator
from core.procedure_in_force(
    cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
) as p
