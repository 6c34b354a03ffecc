-- grain: one row for each declared indicator, scope and basis of the period that is computed
-- source: core.declared_figure_at (the month of D, and the same month a year before), core.declared_coverage_at, core.scope_member,
--        core.unit_scope, core.unit_at
-- traps: both bases are alike. A scope without a figure has no number (null, not 0), in this year and in the one before. A figure
--        without an approver makes its scopes provisional. A figure of a unit that does not exist on the last day counts for the
--        successor, or only in the level and the whole. The year before of a unit includes the units that it replaced by the last day

insert into measured (indicator_code, formula_version, kind, unit_code, level, basis, numerator, denominator, coverage, is_approved)
with listed as (
    select
        l.code as indicator_code,
        l.version as formula_version,
        l.kind
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer, kind text)
),

-- as with computed indicators, a figure of the year before counts for the unit that has replaced its unit by the last day
asked as (
    select
        b.basis,
        cast(cast(:last_day as date) - b.back as date) as on_day,
        case when b.basis = 'year_before' then cast(:last_day as date) end as compared_on
    from (
        values
        ('period', interval '0'),
        ('year_to_date', interval '0'),
        ('year_before', interval '1 year')
    ) as b (basis, back)
),

asked_day as (
    select distinct
        a.on_day,
        a.compared_on
    from asked as a
),

-- materialized, like the figures: with wrong row estimates PostgreSQL would compute each again for every row of the other
placed as materialized (
    select
        k.on_day,
        o.*
    from asked_day as k
    cross join lateral core.unit_scope(k.on_day) as o
    where k.on_day >= o.from_date and k.on_day <= o.to_date
),

figure as materialized (
    select
        k.on_day,
        f.indicator_code,
        f.numerator,
        f.denominator,
        f.is_approved,
        coalesce(o.scope_code, f.unit_code) as unit_code
    from asked_day as k
    cross join lateral core.declared_figure_at(
        cast(:source as text), cast(date_trunc('month', k.on_day) as date), cast(:known_at as timestamptz)
    ) as f
    left join placed as o on k.on_day = o.on_day and f.unit_code = o.unit_code
    where o.root_code is null or o.root_code = cast(:root as text)
),

member as (
    select
        k.on_day,
        m.*
    from asked_day as k
    cross join lateral core.scope_member(k.on_day, cast(:root as text), k.compared_on) as m
),

counted as (
    select
        f.on_day,
        f.indicator_code,
        m.scope_code,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator,
        bool_and(f.is_approved) as is_approved
    from figure as f
    inner join member as m on f.on_day = m.on_day and f.unit_code = m.unit_code
    group by f.on_day, f.indicator_code, m.scope_code
),

scope as (
    select
        m.scope_code,
        m.level
    from member as m
    inner join core.unit_at(cast(:last_day as date)) as u on m.unit_code = u.unit_code
    where m.on_day = cast(:last_day as date) and u.is_founded
    union
    select
        m.scope_code,
        m.level
    from counted as c
    inner join member as m on c.on_day = m.on_day and c.scope_code = m.scope_code
    where c.on_day = cast(:last_day as date)
    union
    select
        'all' as scope_code,
        'all' as level
),

covered as (
    select c.*
    from core.declared_coverage_at(
        cast(:source as text), cast(:plan as text), cast(:last_day as date), cast(:known_at as timestamptz), cast(:root as text)
    ) as c
)

select
    l.indicator_code,
    l.formula_version,
    l.kind,
    s.scope_code as unit_code,
    s.level,
    a.basis,
    c.numerator,
    case when l.kind <> 'count' then c.denominator end as denominator,
    v.coverage,
    coalesce(c.is_approved, true) as is_approved
from listed as l
cross join scope as s
cross join asked as a
left join counted as c on a.on_day = c.on_day and l.indicator_code = c.indicator_code and s.scope_code = c.scope_code
left join covered as v on l.indicator_code = v.indicator_code and s.scope_code = v.scope_code and a.basis <> 'year_before'
order by l.indicator_code, s.scope_code, a.basis
