-- grain: one row for each month that is marked for refresh because a stored value in it has another coverage under the current duties to
--        declare
-- source: mart.indicator_value, core.declared_coverage_at
-- traps: only the plans and indicators in `changed` are compared. The last day of a running period is that of known_at (T). A month
--        without a stored value is not marked

insert into ops.dirty_month (source_code, month_start, reason, marked_at)
with changed as (
    select
        c.plan_code,
        c.indicator_code
    from jsonb_to_recordset(cast(:changed as jsonb)) as c (plan_code text, indicator_code text)
),

stored as (
    select
        v.plan_code,
        v.indicator_code,
        v.unit_code,
        v.coverage,
        least(
            v.period_end - 1, cast((cast(:known_at as timestamptz) - interval '1 microsecond') at time zone cast(:zone as text) as date)
        ) as last_day
    from mart.indicator_value as v
    inner join changed as c on v.plan_code = c.plan_code and v.indicator_code = c.indicator_code
    inner join core.indicator as i
        on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version and i.ended_at is null
    where v.basis = 'period'
),

asked as (
    select distinct
        s.plan_code,
        s.last_day
    from stored as s
),

covered as (
    select
        a.plan_code,
        a.last_day,
        c.*
    from asked as a
    cross join lateral core.declared_coverage_at(
        cast(:source as text), a.plan_code, a.last_day, cast(:known_at as timestamptz), cast(:root as text)
    ) as c
),

-- sorting puts both coverages of a value side by side; a join would be slow because PostgreSQL cannot estimate the row counts
laid_out as (
    select
        s.plan_code,
        s.last_day,
        s.indicator_code,
        s.unit_code,
        true as is_stored,
        s.coverage,
        cast(null as numeric) as coverage_now
    from stored as s
    union all
    select
        c.plan_code,
        c.last_day,
        c.indicator_code,
        c.scope_code as unit_code,
        false as is_stored,
        cast(null as numeric) as coverage,
        c.coverage as coverage_now
    from covered as c
),

compared as (
    select
        l.last_day,
        l.is_stored,
        l.coverage,
        max(l.coverage_now) over (partition by l.plan_code, l.last_day, l.indicator_code, l.unit_code) as coverage_now
    from laid_out as l
)

select distinct
    cast(:source as text) as source_code,
    cast(date_trunc('month', c.last_day) as date) as month_start,
    'who has to declare changed' as reason,
    cast(:now as timestamptz) as marked_at
from compared as c
where c.is_stored and c.coverage is distinct from c.coverage_now
on conflict (source_code, month_start) do update set reason = excluded.reason, marked_at = excluded.marked_at
returning month_start
