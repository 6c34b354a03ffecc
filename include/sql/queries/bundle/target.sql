-- grain: one row for each target of the plan that holds in the period
-- source: core.plan_target

select
    t.target_no,
    t.clause_vi,
    t.indicator_code,
    t.level,
    t.kind,
    t.operator,
    t.target
from core.plan_target as t
where t.plan_code = cast(:plan as text) and t.ended_at is null
order by t.indicator_code, t.level, t.target_no
