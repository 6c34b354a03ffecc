-- grain: one row for each unit and stretch of days of an event: the scope for which the event counts on day D
-- source: core.unit_on_day, core.unit_at
-- traps: scope_code is level:… if an ended unit has no successor

create or replace function core.unit_scope(d date)
returns table (
    unit_code text,
    from_date date,
    to_date date,
    scope_code text,
    level text,
    root_code text
)
language sql stable
as $$
select
    o.unit_code,
    o.from_date,
    o.to_date,
    coalesce(o.counted_code, 'level:' || n.level) as scope_code,
    coalesce(c.level, n.level) as level,
    coalesce(c.root_code, n.root_code) as root_code
from core.unit_on_day as o
inner join core.unit_at(d) as n on o.unit_code = n.unit_code
left join core.unit_at(d) as c on o.counted_code = c.unit_code
$$;
comment on function core.unit_scope is 'One row a unit and stretch of days: the scope at which its records of those days count in a period with the last day D, a unit, or level:… where no unit stands for it; level and tree of that scope';
