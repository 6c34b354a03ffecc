-- grain: one row for each resolved dossier whose procedure yields a document: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.procedure_span; plan 53, targets T13, T14 (section 2.1); the full definition is in
--        docs/reference/indicators.md
-- counts: the denominator is every dossier resolved in the period whose procedure yields a document. The numerator is those with at least
--        one signed electronic result that is not one of the papers submitted by the applicant
-- clocks: the end of the dossier lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known). Whether a procedure yields a
--        document is read from the newest list fetched at or before end_at, or from the oldest list that has the procedure if there is
--        none
-- traps: a dossier whose procedure is not known is neither in the numerator nor in the denominator

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
