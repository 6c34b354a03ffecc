-- grain: one row for each day of `days` and procedure in force at a unit on that day (D)
-- source: core.procedure_at, core.procedure_elsewhere, core.unit
-- traps: of several versions in force the newest counts. A unit that does not exist on D has no procedures. A revoked procedure without
--        an end date is not in force. If several sources list a version in force of one procedure at a unit, the source with the newest
--        version counts it, and of equal ones the first in alphabetical order, because lists have no change times

create or replace function core.procedure_in_force_on(source text, days date[], j timestamptz, known timestamptz)
returns table (
    last_day date,
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
with listed as (
    select
        source as source_code,
        p.procedure_code,
        p.unit_code,
        p.valid_from,
        p.valid_to,
        p.listed_valid_to,
        p.status_code,
        p.published_date,
        p.procedure_name,
        p.service_level,
        p.is_online_eligible,
        p.has_fee,
        p.has_online_payment,
        p.has_sample_dossier,
        p.is_synced_to_portal
    from core.procedure_at(source, j, known) as p
    union all
    select
        e.source_code,
        e.procedure_code,
        e.unit_code,
        e.valid_from,
        e.valid_to,
        e.listed_valid_to,
        e.status_code,
        null as published_date,
        null as procedure_name,
        null as service_level,
        null as is_online_eligible,
        null as has_fee,
        null as has_online_payment,
        null as has_sample_dossier,
        null as is_synced_to_portal
    from core.procedure_elsewhere(source) as e
),

in_force as (
    select distinct on (a.d, p.unit_code, p.procedure_code)
        a.d,
        p.*
    from unnest(days) as a (d)
    inner join listed as p on p.valid_from <= a.d and (p.valid_to is null or p.valid_to >= a.d)
    -- a unit that does not exist on D has no procedures
    inner join core.unit as u on p.unit_code = u.unit_code and u.valid_from <= a.d and (u.valid_to is null or u.valid_to >= a.d)
    where
        not (p.status_code is not distinct from 'bai_bo' and p.listed_valid_to is null)
        and p.procedure_code is not null
    order by a.d asc, p.unit_code asc, p.procedure_code asc, p.valid_from desc, p.source_code asc
)

select
    f.d as last_day,
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
from in_force as f
where f.source_code = source
$$;
comment on function core.procedure_in_force_on is 'One row a day and procedure in force at a unit on it (docs/reference/indicators.md#310-in-force-on-d)';
