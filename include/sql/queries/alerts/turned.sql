-- grain: one row for each indicator and scope that was met in an earlier month of the last thirteen and is missed in the newest one
-- source: mart.indicator_value (the judgement itself), core.indicator, core.role_clock, core.plan_target, core.unit_at, core.scope_name
-- traps: months that are not over at T of the role do not count, because they may still turn. A milestone is met while it is on pace, and
--        missed while it is behind. What was told stays until it is met, also where the month that was met is restated since

with known as (
    select
        r.role,
        min(r.known_at) as known_at
    from core.role_clock as r
    inner join core.authority as a on r.root_code = a.root_code
    group by r.role
),

judged as (
    select
        v.*,
        i.name_vi,
        i.name_en,
        i.kind,
        v.status in ('met', 'on_pace') as is_met
    from mart.indicator_value as v
    inner join core.indicator as i
        on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version and i.ended_at is null
    inner join known as k on i.role = k.role
    where
        v.period_kind = 'month' and v.basis = 'year_to_date' and v.status in ('met', 'on_pace', 'missed', 'behind')
        and cast(v.period_end as timestamp) at time zone (select a.zone from core.authority as a) <= k.known_at
        and v.period_start >= k.known_at - interval '13 months'
),

newest as (
    select distinct on (j.indicator_code, j.unit_code) j.*
    from judged as j
    order by j.indicator_code asc, j.unit_code asc, j.period_start desc
),

last_met as (
    select distinct on (j.indicator_code, j.unit_code) j.*
    from judged as j
    where j.is_met
    order by j.indicator_code asc, j.unit_code asc, j.period_start desc
)

select
    t.target_no,
    n.indicator_code,
    n.name_vi,
    n.name_en,
    n.kind,
    n.unit_code,
    n.level,
    coalesce(sn.name_vi, u.name, n.unit_code) as unit_name,
    n.period_start,
    n.value,
    n.target,
    n.status,
    n.gap_count,
    m.period_start as met_start,
    m.value as met_value,
    t.lead_agency
from newest as n
inner join core.plan_target as t
    on
        n.plan_code = t.plan_code and n.indicator_code = t.indicator_code
        and t.level in ('all', n.level) and t.ended_at is null
left join last_met as m on n.indicator_code = m.indicator_code and n.unit_code = m.unit_code
left join lateral core.unit_at(cast(n.period_end - 1 as date)) as u on n.unit_code = u.unit_code
left join core.scope_name as sn on n.unit_code = sn.scope_code
where
    not n.is_met
    and (
        m.indicator_code is not null
        or exists (
            select 1
            from ops.alert as a
            where
                a.ended_at is null and a.event = 'target_missed'
                and a.subject = t.target_no || ' ' || n.indicator_code || ' ' || n.unit_code
        )
    )
order by t.target_order, n.unit_code
