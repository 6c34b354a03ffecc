-- grain: one row for each resolved dossier: unit_code, counted_on, item, is_numerator
-- source: mart.dossier
-- counts: the numerator is those without a round of supplements
-- traps: facts are read as known at the T of the source, so a late correction changes the period

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.supplement_count = 0 as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.outcome = 'resolved'
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
