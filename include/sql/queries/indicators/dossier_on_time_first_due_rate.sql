-- grain: one row for each resolved dossier with a due: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; the full definition is in docs/reference/indicators.md
-- counts: the denominator is the same as in dossier_on_time_rate. The numerator is the dossiers that ended on or before the local date of
--        their first due, which is the due that was promised first
-- clocks: the end of the dossier lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: a dossier without a first due stays in the denominator and is not in the numerator

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    coalesce(d.first_timeliness in ('early', 'on_time'), false) as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.outcome = 'resolved'
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and d.due_date is not null
