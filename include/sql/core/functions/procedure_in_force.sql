-- grain: one row for each procedure in force at a unit on day D
-- source: core.procedure_in_force_on
-- traps: those of core.procedure_in_force_on, which a refresh asks for several days at once

create or replace function core.procedure_in_force(source text, d date, j timestamptz, known timestamptz)
returns table (
    procedure_code text,
    unit_code text,
    published_date date,
    procedure_name text,
    service_level smallint,
    is_online_eligible boolean,
    has_fee boolean,
    has_online_payment boolean,
    has_sample_dossier boolean,
    is_synced_to_portal boolean
)
language sql stable
as $$
select
    f.procedure_code,
    f.unit_code,
    f.published_date,
    f.procedure_name,
    f.service_level,
    f.is_online_eligible,
    f.has_fee,
    f.has_online_payment,
    f.has_sample_dossier,
    f.is_synced_to_portal
from core.procedure_in_force_on(source, array[d], j, known) as f
$$;
comment on function core.procedure_in_force is 'One row a procedure in force at a unit on day D (docs/reference/indicators.md#310-in-force-on-d)';
