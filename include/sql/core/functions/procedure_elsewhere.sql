-- grain: one row for each version of a procedure at a unit that is listed by a source of the role dossiers other than `source`
-- source: core.source_role, ops.source_clock, core.procedure_at
-- traps: each of the other sources is read as known at its own known_at (T). A statement that must count an item once compares these
--        rows with its own to decide which source counts it

create or replace function core.procedure_elsewhere(source text)
returns table (
    source_code text,
    procedure_code text,
    unit_code text,
    valid_from date,
    valid_to date,
    listed_valid_to date,
    status_code text,
    decision_date date
)
language sql stable
as $$
select
    r.source_code,
    p.procedure_code,
    p.unit_code,
    p.valid_from,
    p.valid_to,
    p.listed_valid_to,
    p.status_code,
    p.decision_date
from core.source_role as r
inner join ops.source_clock as c on r.source_code = c.source_code
cross join lateral core.procedure_at(r.source_code, c.known_at, c.known_at) as p
where
    r.role = 'dossiers'
    and r.source_code <> source
$$;
comment on function core.procedure_elsewhere is 'One row a version of a procedure at a unit that another source of the dossiers lists, as known at its T';
