-- grain: one row for each target of a plan that has a number, and scope that it holds for: units, levels and the whole district
-- source: core.plan_target, core.unit_at

with scope as (
    select
        unit_code,
        name as unit_name,
        level
    from core.unit_at(:d)
    where root_code = :root and is_founded
    union all
    select distinct
        'level:' || level as unit_code,
        case level when 'district' then 'Cấp huyện' when 'commune' then 'Cấp xã' else level end as unit_name,
        level
    from core.unit_at(:d)
    where root_code = :root and is_founded
    union all
    select
        'all' as unit_code,
        'Toàn huyện' as unit_name,
        'all' as level
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
