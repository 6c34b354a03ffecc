-- grain: one row for each received dossier: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; plan 53, targets T11, T12 (sections 2.1, 6.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every dossier received in the period. The numerator is those with at least one digitised paper that has a
--        file and is not deleted
-- clocks: the time of reception lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: a paper that is marked as digitised but has no file does not count. Papers have no time of their own, so a paper added later
--        changes the earlier period

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.is_digitized as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
