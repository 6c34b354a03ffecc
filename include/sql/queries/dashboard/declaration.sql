-- grain: one row for each figure that a unit must declare for a month, with what it has sent
-- source: core.declaration, core.unit_at, core.plan_target, mart.declared_figure
-- traps: a figure that was not sent has no file

select
    n.indicator_code,
    t.target_no,
    coalesce(t.clause_vi, n.indicator_code) as clause_vi,
    f.file_name,
    f.numerator,
    f.denominator,
    f.is_approved,
    f.is_proven
from core.declaration as n
inner join core.unit_at(cast(:d as date)) as u on n.unit_code = u.unit_code
left join lateral (
    select
        min(p.target_no) as target_no,
        min(p.clause_vi) as clause_vi
    from core.plan_target as p
    where p.plan_code = n.plan_code and p.indicator_code = n.indicator_code and p.ended_at is null
) as t on true
left join mart.declared_figure as f
    on n.unit_code = f.unit_code and n.indicator_code = f.indicator_code and f.month_start = cast(:month as date)
where
    n.unit_code = cast(:unit as text)
    and n.plan_code = cast(:plan as text)
    and n.is_required
    and (n.kinds is null or u.kind = any(n.kinds))
    and (n.levels is null or u.level = any(n.levels))
order by t.target_no nulls last, n.indicator_code
