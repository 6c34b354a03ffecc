-- grain: one row for each dossier with an electronically certified copy: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.procedure_span; plan 53, direction D01 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: a number without a denominator: resolved dossiers of a certification procedure that have a signed result
-- clocks: the end of the dossier lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: the number is judged against the same period of the year before

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
