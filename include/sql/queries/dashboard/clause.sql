-- grain: one row for each target of an indicator in a plan
-- source: core.plan_target

select
    t.target_no,
    t.section,
    t.clause_vi,
    t.level,
    t.operator_text,
    round(t.target * 100, 2) as target_percent,
    t.lead_agency
from core.plan_target as t
where t.plan_code = cast(:plan as text) and t.indicator_code = cast(:indicator as text) and t.ended_at is null
order by t.target_order
