-- grain: one row for each received dossier: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; plan 53, targets T16, T17 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every dossier received in the period, whatever became of it. The numerator is those filed online
-- clocks: the time of reception lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: the channel has no time of its own, so a corrected channel changes the earlier period

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.channel = 'online' as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
