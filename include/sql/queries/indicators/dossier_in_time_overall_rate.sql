-- grain: one row for each dossier that was finished in the period or is open at its end: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, mart.dossier_open; national formula 2.1 of Decision 766; the full definition is in docs/reference/indicators.md
-- counts: the denominator is every dossier with a due that was finished in the period, whatever its outcome, or is open at the end. The
--        numerator is those finished early or on time, and the open ones that are not past due
-- clocks: the end of a dossier lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Open dossiers are those of last_day (D, the last counted day of the period) in mart.dossier_open. Everything else is read as
--        known at known_at (T, the moment up to which the source is known)
-- traps: the two parts together are the dossiers received in the period and those open at its start. A dossier that is due on last_day
--        itself is not past due. A dossier without a due is neither in the numerator nor in the denominator

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.timeliness in ('early', 'on_time') as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and d.due_date is not null
union all
select
    o.unit_code,
    o.received_date as counted_on,
    o.dossier_code as item,
    not o.is_past_due as is_numerator
from mart.dossier_open as o
where
    o.source_code = cast(:source as text)
    and o.as_of_date = cast(:last_day as date)
    and o.due_date is not null
