-- grain: one row for each dossier of a source open at J, for one last day D
-- source: core.dossier_open_at
-- traps: the function decides what is paused and past due at J; form II.06a and the findings use the same function

insert into mart.dossier_open (
    source_code, as_of_date, dossier_id, dossier_code, unit_code, field_code,
    due_date, is_paused, paused_since_date, is_past_due
)
select
    cast(:source as text) as source_code,
    cast(:last_day as date) as as_of_date,
    o.dossier_id,
    o.dossier_code,
    o.unit_code,
    o.field_code,
    o.due_date,
    o.is_paused,
    o.paused_since_date,
    o.is_past_due
from core.dossier_open_at(cast(:source as text), cast(:end_at as timestamptz), cast(:last_day as date)) as o
order by o.dossier_id
