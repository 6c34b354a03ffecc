-- grain: one row for each resolved dossier with a due: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; plan 53, target T20 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every dossier that ended as resolved in the period and has a due. The numerator is those that ended early or
--        on time: on or before the local date of their due
-- clocks: the end of the dossier lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: returned and stopped dossiers do not count. A dossier without a due is neither in the numerator nor in the denominator

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.timeliness in ('early', 'on_time') as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.outcome = 'resolved'
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and d.due_date is not null
