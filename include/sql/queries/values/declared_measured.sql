-- grain: one row for each declared indicator, scope, basis and period that is computed
-- source: core.declared_figure_at (the month of D, and the same month a year before), core.declared_coverage_at, core.scope_member,
--        core.unit_scope, core.unit_at
-- traps: both bases are alike. A scope without a figure has no number (null, not 0), in this year and in the one before. A figure
--        without an approver makes its scopes provisional. A figure of a unit that does not exist on the last day counts for the
--        successor, or only in the level and the whole. The year before of a unit includes the units that it replaced by the last day

insert into measured (
    period_number, indicator_code, formula_version, kind, unit_code, level, basis, numerator, denominator, coverage, is_approved
)
with listed as (
    select
        l.code as indicator_code,
        l.version as formula_version,
        l.kind
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer, kind text)
),

period as (
    select
        p.period_number,
        p.plan_code,
        p.last_day
    from jsonb_to_recordset(cast(:periods as jsonb)) as p (period_number integer, plan_code text, last_day date)
),

-- as with computed indicators, a figure of the year before counts for the unit that has replaced its unit by the last day
based as (
    select
        p.period_number,
        b.basis,
        cast(p.last_day - b.back as date) as on_day,
        case when b.basis = 'year_before' then p.last_day end as compared_on
    from period as p
    cross join (
        values
        ('period', interval '0'),
        ('year_to_date', interval '0'),
        ('year_before', interval '1 year')
    ) as b (basis, back)
),

asked as (
    select
        b.*,
        dense_rank() over (order by b.on_day, b.compared_on) as day_number
    from based as b
),

asked_day as materialized (
    select distinct
        a.day_number,
        a.on_day,
        a.compared_on
    from asked as a
),

-- materialized, like the figures: with wrong row estimates PostgreSQL would compute each again for every row of the other
placed as materialized (
    select
        k.day_number,
        o.*
    from asked_day as k
    cross join lateral core.unit_scope(k.on_day) as o
    where k.on_day >= o.from_date and k.on_day <= o.to_date
),

figure as materialized (
    select
        k.day_number,
        f.indicator_code,
        f.numerator,
        f.denominator,
        f.is_approved,
        coalesce(o.scope_code, f.unit_code) as unit_code
    from asked_day as k
    cross join lateral core.declared_figure_at(
        cast(:source as text), cast(date_trunc('month', k.on_day) as date), cast(:known_at as timestamptz)
    ) as f
    left join placed as o on k.day_number = o.day_number and f.unit_code = o.unit_code
    where o.root_code is null or o.root_code = cast(:root as text)
),

member as materialized (
    select
        k.day_number,
        m.*
    from asked_day as k
    cross join lateral core.scope_member(k.on_day, cast(:root as text), k.compared_on) as m
),

unit as materialized (
    select
        k.day_number,
        u.*
    from asked_day as k
    cross join lateral core.unit_at(k.on_day) as u
),

counted as (
    select
        f.day_number,
        f.indicator_code,
        m.scope_code,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator,
        bool_and(f.is_approved) as is_approved
    from figure as f
    inner join member as m on f.day_number = m.day_number and f.unit_code = m.unit_code
    group by f.day_number, f.indicator_code, m.scope_code
),

scope as (
    select
        a.period_number,
        m.scope_code,
        m.level
    from asked as a
    inner join member as m on a.day_number = m.day_number
    inner join unit as u on m.day_number = u.day_number and m.unit_code = u.unit_code
    where a.basis = 'period' and u.is_founded
    union
    select
        a.period_number,
        m.scope_code,
        m.level
    from asked as a
    inner join counted as c on a.day_number = c.day_number
    inner join member as m on c.day_number = m.day_number and c.scope_code = m.scope_code
    where a.basis = 'period'
    union
    select
        p.period_number,
        'all' as scope_code,
        'all' as level
    from period as p
),

covered as (
    select
        p.period_number,
        c.*
    from period as p
    cross join lateral core.declared_coverage_at(
        cast(:source as text), p.plan_code, p.last_day, cast(:known_at as timestamptz), cast(:root as text)
    ) as c
),

-- one list that is summed, as with computed indicators; only a row of `scope` has a level
gathered as (
    select
        a.period_number,
        a.basis,
        l.indicator_code,
        s.scope_code,
        s.level,
        cast(null as numeric) as numerator,
        cast(null as numeric) as denominator,
        cast(null as boolean) as is_approved,
        cast(null as numeric) as coverage
    from listed as l
    cross join scope as s
    inner join asked as a on s.period_number = a.period_number
    union all
    select
        a.period_number,
        a.basis,
        c.indicator_code,
        c.scope_code,
        null as level,
        c.numerator,
        c.denominator,
        c.is_approved,
        null as coverage
    from counted as c
    inner join asked as a on c.day_number = a.day_number
    union all
    select
        a.period_number,
        a.basis,
        v.indicator_code,
        v.scope_code,
        null as level,
        null as numerator,
        null as denominator,
        null as is_approved,
        v.coverage
    from covered as v
    inner join asked as a on v.period_number = a.period_number and a.basis <> 'year_before'
),

summed as (
    select
        g.period_number,
        g.basis,
        g.indicator_code,
        g.scope_code,
        max(g.level) as level,
        sum(g.numerator) as numerator,
        sum(g.denominator) as denominator,
        coalesce(bool_and(g.is_approved), true) as is_approved,
        max(g.coverage) as coverage
    from gathered as g
    group by g.period_number, g.basis, g.indicator_code, g.scope_code
    having count(g.level) > 0
)

select
    s.period_number,
    l.indicator_code,
    l.formula_version,
    l.kind,
    s.scope_code as unit_code,
    s.level,
    s.basis,
    s.numerator,
    case when l.kind <> 'count' then s.denominator end as denominator,
    s.coverage,
    s.is_approved
from summed as s
inner join listed as l on s.indicator_code = l.indicator_code
order by s.period_number, l.indicator_code, s.scope_code, s.basis
