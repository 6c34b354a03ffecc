-- grain: one row for each unit as it is on day D
-- source: core.unit_span
-- traps: there is a row even before the first day and after the last day of a unit; check is_founded and is_valid

create or replace function core.unit_at(d date)
returns table (
    unit_code text,
    name text,
    level text,
    kind text,
    parent_code text,
    root_code text,
    is_founded boolean,
    is_valid boolean
)
language sql stable
as $$
select
    s.unit_code,
    s.name,
    s.level,
    s.kind,
    s.parent_code,
    s.root_code,
    s.valid_from <= d as is_founded,
    s.valid_from <= d and (s.valid_to is null or s.valid_to >= d) as is_valid
from core.unit_span as s
where s.from_date <= d and s.before_date > d
$$;
comment on function core.unit_at is 'One row a unit as it is on day D: name, level, kind, tree; is_founded: D is not before its first day; is_valid: it exists on D';
