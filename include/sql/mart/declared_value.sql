-- grain: one row a declared indicator, scope, period and basis
-- source: core.declared_figure_at (the month of D, and the same month a year before), core.declaration, core.plan_target, core.unit_at,
--        core.unit_scope, core.unit_on_day
-- traps: both bases are alike; a scope without a figure has no value (null, not 0); rows that stay as they are keep their computed_at;
--        coverage is units that declared ÷ units valid at D that have to; a figure without an approver makes its scopes provisional;
--        a figure of a unit that does not exist on D counts for the successor, or in level and whole alone;
--        with the year before of a unit stands that of the units whose place it has taken by D

insert into mart.indicator_value as v (
    plan_code, indicator_code, formula_version, unit_code, level, period_kind, period_start, period_end, basis,
    numerator, denominator, value, target, status, gap_count, coverage, is_provisional, computed_at
)
with listed as (
    select
        l.code as indicator_code,
        l.version as formula_version,
        l.kind
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer, kind text)
),

unit as (
    select
        u.unit_code,
        u.level,
        u.kind,
        u.is_founded,
        u.is_valid
    from core.unit_at(cast(:last_day as date)) as u
    where u.root_code = cast(:root as text)
),

-- which units make up a scope; what counts at no unit counts under its level's own code
member as (
    select
        u.unit_code as scope_code,
        u.level,
        u.unit_code
    from unit as u
    union all
    select
        'level:' || u.level as scope_code,
        u.level,
        u.unit_code
    from unit as u
    union all
    select distinct
        'level:' || u.level as scope_code,
        u.level,
        'level:' || u.level as unit_code
    from unit as u
    union all
    select
        'all' as scope_code,
        'all' as level,
        u.unit_code
    from unit as u
    union all
    select distinct
        'all' as scope_code,
        'all' as level,
        'level:' || u.level as unit_code
    from unit as u
),

unit_before as (
    select
        u.unit_code,
        u.level
    from core.unit_at(cast(cast(:last_day as date) - interval '1 year' as date)) as u
    where u.root_code = cast(:root as text)
),

-- the scopes as of the same day a year before; there a unit stands for those, too, whose place it has taken by D
member_before as (
    select
        u.unit_code as scope_code,
        u.unit_code
    from unit_before as u
    union all
    select
        o.counted_code as scope_code,
        o.unit_code
    from core.unit_on_day as o
    inner join unit_before as u on o.unit_code = u.unit_code
    where
        o.unit_code <> o.counted_code
        and cast(:last_day as date) >= o.from_date
        and cast(:last_day as date) <= o.to_date
    union all
    select
        'level:' || u.level as scope_code,
        u.unit_code
    from unit_before as u
    union all
    select distinct
        'level:' || u.level as scope_code,
        'level:' || u.level as unit_code
    from unit_before as u
    union all
    select
        'all' as scope_code,
        u.unit_code
    from unit_before as u
    union all
    select distinct
        'all' as scope_code,
        'level:' || u.level as unit_code
    from unit_before as u
),

figure as (
    select
        f.indicator_code,
        f.numerator,
        f.denominator,
        f.is_approved,
        coalesce(o.scope_code, f.unit_code) as unit_code
    from core.declared_figure_at(
        cast(:source as text), cast(date_trunc('month', cast(:last_day as date)) as date), cast(:known_at as timestamptz)
    ) as f
    left join core.unit_scope(cast(:last_day as date)) as o
        on
            f.unit_code = o.unit_code
            and cast(:last_day as date) >= o.from_date
            and cast(:last_day as date) <= o.to_date
),

counted as (
    select
        f.indicator_code,
        m.scope_code,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator,
        bool_and(f.is_approved) as is_approved
    from figure as f
    inner join member as m on f.unit_code = m.unit_code
    group by f.indicator_code, m.scope_code
),

scope as (
    select
        m.scope_code,
        m.level
    from member as m
    inner join unit as u on m.unit_code = u.unit_code
    where u.is_founded
    union
    select
        m.scope_code,
        m.level
    from counted as c
    inner join member as m on c.scope_code = m.scope_code
    union
    select
        'all' as scope_code,
        'all' as level
),

figure_before as (
    select
        f.indicator_code,
        f.numerator,
        f.denominator,
        coalesce(o.scope_code, f.unit_code) as unit_code
    from core.declared_figure_at(
        cast(:source as text),
        cast(date_trunc('month', cast(:last_day as date)) - interval '1 year' as date),
        cast(:known_at as timestamptz)
    ) as f
    left join core.unit_scope(cast(cast(:last_day as date) - interval '1 year' as date)) as o
        on
            f.unit_code = o.unit_code
            and cast(cast(:last_day as date) - interval '1 year' as date) >= o.from_date
            and cast(cast(:last_day as date) - interval '1 year' as date) <= o.to_date
),

year_before as (
    select
        f.indicator_code,
        m.scope_code,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator
    from figure_before as f
    inner join member_before as m on f.unit_code = m.unit_code
    group by f.indicator_code, m.scope_code
),

sent as (
    select distinct
        f.indicator_code,
        f.unit_code
    from figure as f
),

covered as (
    select
        d.indicator_code,
        m.scope_code,
        avg(case when f.unit_code is null then 0 else 1 end) as coverage
    from core.declaration as d
    inner join unit as u on d.unit_code = u.unit_code and u.is_valid
    inner join member as m on u.unit_code = m.unit_code
    left join sent as f on d.indicator_code = f.indicator_code and d.unit_code = f.unit_code
    where d.is_required and (d.kinds is null or u.kind = any(d.kinds)) and (d.levels is null or u.level = any(d.levels))
    group by d.indicator_code, m.scope_code
),

target as (
    select
        t.indicator_code,
        t.level,
        t.operator,
        t.target,
        t.kind
    from core.plan_target as t
    where t.plan_code = cast(:plan as text)
),

valued as (
    select
        l.indicator_code,
        l.formula_version,
        s.scope_code,
        s.level,
        c.numerator,
        case when l.kind <> 'count' then c.denominator end as denominator,
        case when l.kind = 'count' then c.numerator else c.numerator / nullif(c.denominator, 0) end as value,
        case when l.kind = 'count' then b.numerator else b.numerator / nullif(b.denominator, 0) end as value_before,
        coalesce(c.is_approved, true) as is_approved,
        v.coverage,
        t.indicator_code is not null as has_target,
        t.operator,
        t.target,
        t.kind as target_kind
    from listed as l
    cross join scope as s
    left join counted as c on l.indicator_code = c.indicator_code and s.scope_code = c.scope_code
    left join year_before as b on l.indicator_code = b.indicator_code and s.scope_code = b.scope_code
    left join covered as v on l.indicator_code = v.indicator_code and s.scope_code = v.scope_code
    left join target as t on l.indicator_code = t.indicator_code and t.level in ('all', s.level)
)

select
    cast(:plan as text) as plan_code,
    d.indicator_code,
    d.formula_version,
    d.scope_code as unit_code,
    d.level,
    cast(:kind as text) as period_kind,
    cast(:period_start as date) as period_start,
    cast(:period_end as date) as period_end,
    b.basis,
    d.numerator,
    d.denominator,
    d.value,
    d.target,
    case
        when not d.has_target then null
        when d.value is null then 'no_data'
        when d.target_kind = 'direction' and d.value_before is null then 'no_data'
        when d.target_kind = 'direction' and d.operator = 'down' then case when d.value < d.value_before then 'met' else 'missed' end
        when d.target_kind = 'direction' then case when d.value > d.value_before then 'met' else 'missed' end
        when d.numerator >= d.target * d.denominator then 'met'
        when d.target_kind <> 'milestone' or cast(:is_year_over as boolean) then 'missed'
        when d.numerator * cast(:pace_denominator as bigint) >= d.target * d.denominator * cast(:pace_numerator as bigint) then 'on_pace'
        else 'behind'
    end as status,
    case
        when d.target is not null and d.denominator is not null
            then cast(greatest(0, ceil(d.target * d.denominator - d.numerator)) as bigint)
    end as gap_count,
    d.coverage,
    coalesce(d.coverage < 1, false) or not d.is_approved or cast(:is_running as boolean) as is_provisional,
    cast(:now as timestamptz) as computed_at
from valued as d
cross join (values ('period'), ('year_to_date')) as b (basis)
order by d.scope_code, d.indicator_code, b.basis
on conflict (unit_code, indicator_code, period_kind, period_start, basis, plan_code, formula_version) do update set
    level = excluded.level,
    period_end = excluded.period_end,
    numerator = excluded.numerator,
    denominator = excluded.denominator,
    value = excluded.value,
    target = excluded.target,
    status = excluded.status,
    gap_count = excluded.gap_count,
    coverage = excluded.coverage,
    is_provisional = excluded.is_provisional,
    computed_at = excluded.computed_at
where
    (v.numerator, v.denominator, v.value, v.target, v.status, v.gap_count, v.coverage, v.is_provisional, v.level)
    is distinct from (
        excluded.numerator, excluded.denominator, excluded.value, excluded.target, excluded.status,
        excluded.gap_count, excluded.coverage, excluded.is_provisional, excluded.level
    )
