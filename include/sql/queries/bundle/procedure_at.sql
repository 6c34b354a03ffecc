-- grain: one row for each decision about a procedure at a unit
-- source: core.procedure_at

select distinct
    cast(:source as text) as source_code,
    p.procedure_code,
    p.unit_code,
    p.decision_date,
    p.published_date
from core.procedure_at(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
where p.procedure_code is not null and p.decision_date is not null
