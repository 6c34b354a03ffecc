-- grain: one row for each target of a plan that has a number, and scope that it holds for: units, levels and the whole
-- source: core.plan_target, core.unit_at, core.scope_name

with scope as (
    select
        unit_code,
        name as unit_name,
        level
    from core.unit_at(:d)
    where root_code = :root and is_founded
    union all
    select distinct
        'level:' || u.level as unit_code,
        coalesce(n.name_vi, u.level) as unit_name,
        u.level
    from core.unit_at(:d) as u
    left join core.scope_name as n on n.scope_code = 'level:' || u.level
    where u.root_code = :root and u.is_founded
    union all
    select
        n.scope_code as unit_code,
        n.name_vi as unit_name,
        'all' as level
    from core.scope_name as n
    where n.scope_code = 'all'
)

select
    t.target_no,
    t.indicator_code,
    t.target,
    t.lead_agency,
    s.unit_code,
    s.unit_name,
    s.level
from core.plan_target as t
inner join scope as s on t.level in ('all', s.level)
where
    t.plan_code = :plan and t.ended_at is null and t.kind in ('flow', 'milestone') and t.target is not null
    and (cast(:unit as text) is null or s.unit_code = :unit)
order by t.target_order, s.unit_code
