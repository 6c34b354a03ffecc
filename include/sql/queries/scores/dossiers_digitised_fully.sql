-- grain: one row for each counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; Decision 766, digitisation
-- traps: a component and the result, so of the dossiers resolved in the period

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
