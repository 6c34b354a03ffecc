-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.procedure_span; plan 53 T13, T14 (2.1); indicators.md §4
-- traps: only procedures that yield a document, as flagged at J; a dossier without a known procedure is in neither side

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.has_signed_result as is_numerator
from mart.dossier as d
inner join core.procedure_span(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
    on
        d.procedure_code = p.procedure_code
        and d.unit_code = p.unit_code
        and d.received_date >= p.from_date
        and d.received_date < p.before_date
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.outcome = 'resolved'
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and p.yields_document
