-- grain: one row for each clause of a plan that sets a target for an indicator, in the order of the plan
-- source: core.plan_target

select
    t.target_no,
    t.section,
    t.clause_vi,
    t.level,
    t.operator_text,
    t.target,
    t.lead_agency
from core.plan_target as t
where
    t.plan_code = cast(:plan as text)
    and t.indicator_code = cast(:code as text)
    and t.ended_at is null
order by t.target_order
