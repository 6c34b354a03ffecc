-- grain: one row for each scope and a code that counts in it on day D: units, level:…, all
-- source: core.unit_at, core.unit_on_day
-- traps: the code is a unit or level:… where no unit is named; with `compared_on` also the units whose place it has taken by D, as of that
--        day

create or replace function core.scope_member(d date, root text, compared_on date default null)
returns table (scope_code text, level text, unit_code text)
language sql stable
as $$
with unit as (
    select
        u.unit_code,
        u.level
    from core.unit_at(d) as u
    where u.root_code = root
)

select
    u.unit_code as scope_code,
    u.level,
    u.unit_code
from unit as u
union all
select
    u.unit_code as scope_code,
    u.level,
    o.unit_code
from core.unit_on_day as o
inner join unit as u on o.counted_code = u.unit_code
where
    o.unit_code <> u.unit_code
    and compared_on >= o.from_date
    and compared_on <= o.to_date
union all
select
    'level:' || u.level as scope_code,
    u.level,
    u.unit_code
from unit as u
union all
select distinct
    'level:' || u.level as scope_code,
    u.level,
    'level:' || u.level as unit_code
from unit as u
union all
select
    'all' as scope_code,
    'all' as level,
    u.unit_code
from unit as u
union all
select distinct
    'all' as scope_code,
    'all' as level,
    'level:' || u.level as unit_code
from unit as u
$$;
comment on function core.scope_member is 'One row a scope and a code that counts in it: which units make up a unit, a level and the whole of a tree on day D. What counts at no unit stands under its level''s own code. compared_on: the D of a period that is compared with this one; a unit stands for those, too, whose place it has taken by then';
