-- grain: one row for each dossier of a source that is open at J, with its due as of J, its pause, and whether it is past due on day D
-- source: core.dossier_open_of
-- traps: functions of mart call it for readers without rights on core, so it runs with the rights of its owner and a fixed search_path

create or replace function core.dossier_open_at(source text, j timestamptz, d date)
returns table (
    dossier_id bigint,
    dossier_code text,
    unit_code text,
    field_code text,
    received_date date,
    due_date date,
    is_paused boolean,
    paused_since_date date,
    is_past_due boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
select o.*
from core.dossier_open_of(source, j, d, null) as o
$$;
comment on function core.dossier_open_at is 'One row a dossier open at J, judged on day D (docs/reference/indicators.md#37-open-paused-past-due); the rows that mart.dossier_open keeps for computed periods';
