-- grain: one row for each unit with its name in reports about a period
-- source: core.unit_at, core.unit, mart.publication, mart.publication_unit, core.plan
-- traps: with as_published the names are those stored with the newest publication of the period, else those of day D

create or replace function core.unit_in_period(period_kind text, period_start date, d date, as_published boolean)
returns table (
    unit_code text,
    name text,
    level text,
    kind text,
    root_code text,
    is_founded boolean,
    is_valid boolean,
    has_existed boolean
)
language sql stable
as $$
with latest as (
    select p.publication_id
    from mart.publication as p
    left join core.plan as h on p.plan_code = h.plan_code and p.period_end - 1 between h.valid_from and h.valid_to
    where
        unit_in_period.as_published
        and p.period_kind = unit_in_period.period_kind
        and p.period_start = unit_in_period.period_start
    -- if a period was published under two plans, the edition under the plan that holds in it (as mart.published_value)
    order by h.plan_code is not null desc, p.edition desc, p.publication_id desc
    limit 1
)

select
    u.unit_code,
    coalesce(n.name, u.name) as name,
    u.level,
    u.kind,
    u.root_code,
    u.is_founded,
    u.is_valid,
    w.valid_from <= d and (w.valid_to is null or w.valid_to >= unit_in_period.period_start) as has_existed
from core.unit_at(d) as u
inner join core.unit as w on u.unit_code = w.unit_code
left join latest as l on true
left join mart.publication_unit as n on l.publication_id = n.publication_id and u.unit_code = n.unit_code
$$;
comment on function core.unit_in_period is 'One row a unit as a paper of a period calls it: by the name with which the period was published (where as_published), else by that of its last day D; has_existed: on any day of the period up to D';
