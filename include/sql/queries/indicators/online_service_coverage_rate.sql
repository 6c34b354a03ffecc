-- grain: one row for each procedure in force at a unit that is eligible for online service: unit_code, counted_on, item, is_numerator
-- source: core.procedure_in_force; plan 53, target T15 (sections 2.1, 6.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every procedure in force that is eligible for online service (DuDieuKienTrucTuyen). The numerator is those
--        offered at level 3 or 4
-- clocks: the state on last_day (D, the last counted day of the period). Which entries exist, and their dates, are those of the newest
--        list known at known_at (T, the moment up to which the source is known). The other facts of an entry are those of the newest
--        list fetched at or before end_at (J, the end of the period, or known_at if that is earlier), or of the oldest list that has the
--        entry if there is none
-- traps: services_offered_online of Decision 766 has another denominator: all procedures in force

select
    p.unit_code,
    cast(null as date) as counted_on,
    p.procedure_code as item,
    coalesce(p.service_level in (3, 4), false) as is_numerator
from core.procedure_in_force(
    cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
) as p
where p.is_online_eligible
