-- grain: one row for each procedure in force at a unit on day D
-- source: core.procedure_at, core.procedure_elsewhere, core.unit
-- traps: if several versions are in force, the newest; a unit that does not exist on D has no procedures; a revoked procedure without an end is not in
--        force

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
select distinct on (p.unit_code, p.procedure_code)
    p.procedure_code,
    p.unit_code,
    p.published_date,
    p.procedure_name,
    p.service_level,
    p.is_online_eligible,
    p.has_fee,
    p.has_online_payment,
    p.has_sample_dossier,
    p.is_synced_to_portal
from core.procedure_at(source, j, known) as p
-- a unit that is not valid at D has no stock
inner join core.unit as u on p.unit_code = u.unit_code and u.valid_from <= d and (u.valid_to is null or u.valid_to >= d)
where
    p.valid_from <= d
    and (p.valid_to is null or p.valid_to >= d)
    and not (p.status_code is not distinct from 'bai_bo' and p.listed_valid_to is null)
    and p.procedure_code is not null
    and not exists (
        select 1
        from core.procedure_elsewhere(source) as e
        where e.unit_code = p.unit_code and e.procedure_code = p.procedure_code
    )
order by p.unit_code asc, p.procedure_code asc, p.valid_from desc
$$;
comment on function core.procedure_in_force is 'One row a procedure in force at a unit on day D (indicators.md §3, in force at D)';
