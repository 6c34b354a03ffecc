-- grain: one row for each version of a procedure at a unit, with the days of reception for which it is the procedure of a dossier
-- source: core.procedure_span
-- traps: days without an end are written as the first and the last day that a date can have in all formats

select
    cast(:source as text) as source_code,
    p.procedure_code,
    p.unit_code,
    greatest(p.from_date, cast('0001-01-01' as date)) as from_date,
    least(p.before_date, cast('9999-12-31' as date)) as before_date,
    p.yields_document,
    p.is_certification
from core.procedure_span(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
