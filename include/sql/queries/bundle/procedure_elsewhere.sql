-- grain: one row for each decision about a procedure at a unit that another source of the dossiers lists
-- source: core.procedure_elsewhere

select distinct
    cast(:source as text) as asked_source_code,
    e.source_code,
    e.procedure_code,
    e.unit_code,
    e.decision_date
from core.procedure_elsewhere(cast(:source as text)) as e
where e.procedure_code is not null
