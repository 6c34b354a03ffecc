-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.procedure_span; plan 53 D01 (2.1); indicators.md §4
-- traps: a count: no denominator; judged against the same period of the year before

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    true as is_numerator
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
    and p.is_certification
    and d.has_signed_result
