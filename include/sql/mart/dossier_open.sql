-- grain: one row for each dossier of a source open at J, for each of some last days D
-- source: core.dossier_open_of
-- traps: the function decides what is paused and past due at J; form II.06a and the findings use the same function. `dossiers`: only these
--        are judged; null means all of them

insert into mart.dossier_open (
    source_code, as_of_date, dossier_id, dossier_code, unit_code, field_code,
    received_date, due_date, is_paused, paused_since_date, is_past_due
)
select
    a.source_code,
    a.as_of_date,
    o.dossier_id,
    o.dossier_code,
    o.unit_code,
    o.field_code,
    o.received_date,
    o.due_date,
    o.is_paused,
    o.paused_since_date,
    o.is_past_due
from jsonb_to_recordset(cast(:days as jsonb)) as a (source_code text, as_of_date date, end_at timestamptz)
cross join lateral core.dossier_open_of(a.source_code, a.end_at, a.as_of_date, cast(:dossiers as bigint [])) as o
order by a.source_code, a.as_of_date, o.dossier_id
