-- grain: one row for each source and month that is marked for refresh because the current plans judge a stored value in it differently
-- source: mart.indicator_value, core.plan, core.plan_target
-- traps: only values of indicators that are still computed are compared. Targets and directions are compared for the cells in `changed`
--        alone; whether a plan holds is compared for every period. The status of a direction needs the year before, which may not be
--        stored, so a direction whose operator changed is marked wherever it was judged

insert into ops.dirty_month (source_code, month_start, reason, marked_at)
with changed as (
    select distinct
        c.plan_code,
        c.indicator_code,
        c.level
    from jsonb_to_recordset(cast(:changed as jsonb)) as c (plan_code text, indicator_code text, level text)
),

-- a mark for one source of a role is enough for the role, and the periods of the role end at the earliest known_at of its sources
lead as (
    select
        r.role,
        min(r.known_at) as known_at,
        min(r.source_code) as source_code
    from core.role_clock as r
    inner join core.authority as a on r.root_code = a.root_code
    where r.known_at is not null
    group by r.role
),

stored as (
    select
        v.*,
        k.source_code,
        i.kind,
        h.valid_from,
        h.valid_to,
        least(v.period_end - 1, cast((k.known_at - interval '1 microsecond') at time zone cast(:zone as text) as date)) as last_day,
        exists (
            select 1
            from changed as c
            where c.plan_code = v.plan_code and c.indicator_code = v.indicator_code and c.level in ('all', v.level)
        ) as is_changed
    from mart.indicator_value as v
    inner join core.indicator as i
        on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version and i.ended_at is null
    inner join lead as k on i.role = k.role
    left join core.plan as h
        on v.plan_code = h.plan_code and v.period_end - 1 between h.valid_from and h.valid_to
),

judged as (
    select
        s.source_code,
        s.last_day,
        (s.no_target_reason is null) <> (s.valid_from is not null) as is_of_another_plan,
        s.is_changed
        and s.valid_from is not null
        and (
            s.target is distinct from t.target
            or (s.status is null) <> (t.indicator_code is null)
            or (t.kind = 'direction' and s.status <> 'no_data')
            or (
                t.kind <> 'direction'
                and s.status is distinct from core.judged_status(
                    t.kind, t.operator, t.target, y.numerator, nullif(y.denominator, 0), null, null, s.last_day,
                    greatest(s.valid_from, make_date(cast(extract(year from s.period_end - 1) as integer), 1, 1)),
                    least(s.valid_to, make_date(cast(extract(year from s.period_end - 1) as integer), 12, 31))
                )
            )
        ) as is_judged_otherwise
    from stored as s
    left join core.plan_target as t
        on
            s.plan_code = t.plan_code and s.indicator_code = t.indicator_code and t.level in ('all', s.level) and t.ended_at is null
    left join mart.indicator_value as y
        on
            s.unit_code = y.unit_code and s.indicator_code = y.indicator_code and s.period_kind = y.period_kind
            and s.period_start = y.period_start and s.formula_version = y.formula_version
            and y.basis = case when s.kind = 'stock' then s.basis else 'year_to_date' end
    where s.is_changed or (s.no_target_reason is null) <> (s.valid_from is not null)
)

select distinct
    j.source_code,
    cast(date_trunc('month', j.last_day) as date) as month_start,
    'the plan changed' as reason,
    cast(:now as timestamptz) as marked_at
from judged as j
where j.is_of_another_plan or j.is_judged_otherwise
on conflict (source_code, month_start) do update set reason = excluded.reason, marked_at = excluded.marked_at
returning source_code, month_start
