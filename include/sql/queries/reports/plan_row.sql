-- grain: one row for each target cell of the plan that holds for the scope, in the order of the plan; a cell without a value is included
-- source: core.plan_target, mart.scorecard, mart.indicator_value
-- traps: for the whole (unit null) each cell is read at the scope where its target stands; directions follow the targets of their
--        section; where no plan holds (holds = false) the plan gives the order alone: no target, operator or status. The
--        status of the period before is that of the same plan: none in the first period of a year

with cell as (
    select
        t.*,
        case
            when cast(:unit as text) is not null then cast(:unit as text)
            when t.level = 'all' then 'all'
            else 'level:' || t.level
        end as scope_code
    from core.plan_target as t
    where
        t.plan_code = cast(:plan as text)
        and t.ended_at is null
        and (cast(:level as text) is null or t.level in ('all', cast(:level as text)))
),

shown as (
    select s.*
    from mart.scorecard as s
    where s.period_kind = cast(:kind as text) and s.period_start = cast(:start as date)
),

-- how each cell was judged in the period before, as is known now
before as (
    select
        v.indicator_code,
        v.unit_code,
        v.status
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
    where
        i.ended_at is null
        and v.plan_code = cast(:plan as text)
        and v.basis = 'year_to_date'
        and v.period_kind = cast(:kind as text) and v.period_start = cast(:before as date)
),

definition as (
    select distinct on (i.indicator_code)
        i.indicator_code,
        i.name_vi,
        i.kind
    from core.indicator as i
    order by i.indicator_code asc, i.formula_version desc
)

select
    c.target_no,
    c.section,
    c.clause_vi,
    c.indicator_code,
    coalesce(s.name_vi, d.name_vi, c.clause_vi) as name_vi,
    c.level,
    c.scope_code,
    case when cast(:holds as boolean) then c.operator_text end as operator,
    c.kind as target_kind,
    c.how,
    c.lead_agency,
    case when cast(:holds as boolean) then round(c.target * 100, 2) end as target_percent,
    coalesce(s.indicator_kind, d.kind, case when c.target is null then 'count' else 'flow' end) as indicator_kind,
    s.period_numerator,
    s.period_denominator,
    s.period_value,
    s.year_numerator,
    s.year_denominator,
    s.year_value,
    s.last_period_value,
    s.year_before_value,
    case when cast(:holds as boolean) then coalesce(s.status, 'no_data') end as status,
    s.gap_count,
    s.coverage_percent,
    coalesce(s.is_provisional, false) as is_provisional,
    s.no_data_reason_vi as no_data_reason,
    s.declared_value,
    s.declared_difference,
    case when cast(:holds as boolean) then b.status end as status_before
from cell as c
left join shown as s on c.indicator_code = s.indicator_code and c.target_no = s.target_no and c.scope_code = s.unit_code
left join before as b on c.indicator_code = b.indicator_code and c.scope_code = b.unit_code
left join definition as d on c.indicator_code = d.indicator_code
order by split_part(c.section, '.', 1), c.target_order
