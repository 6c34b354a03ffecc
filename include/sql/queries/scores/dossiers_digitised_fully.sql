-- grain: one row for each resolved dossier: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; Decision 766, digitisation
-- counts: the denominator is every dossier resolved in the period. The numerator is those with a digitised paper and a signed electronic
--        result
-- clocks: the end of the dossier lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier)
-- traps: the formula asks for the result too, so only resolved dossiers count

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.is_digitized and d.has_signed_result as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.outcome = 'resolved'
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
