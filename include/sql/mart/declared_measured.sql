-- grain: one row an indicator, scope and basis of the period in work, of the indicators that units declare
-- source: core.declared_figure_at (the month of D, and the same month a year before), core.declared_coverage_at, core.unit
-- traps: both bases are alike; a scope without a figure has no number (null, not 0), in this year and in the one before;
--        a figure without an approver makes its scopes provisional

insert into measured (indicator_code, formula_version, kind, unit_code, level, basis, numerator, denominator, coverage, is_approved)
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
        u.level
    from core.unit as u
    where u.root_code = cast(:root as text)
),

-- which units make up a scope
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
    select
        'all' as scope_code,
        'all' as level,
        u.unit_code
    from unit as u
),

scope as (
    select distinct
        m.scope_code,
        m.level
    from member as m
),

asked as (
    select
        b.basis,
        cast(date_trunc('month', cast(:last_day as date)) - b.back as date) as month_start
    from (
        values
        ('period', interval '0'),
        ('year_to_date', interval '0'),
        ('year_before', interval '1 year')
    ) as b (basis, back)
),

figure as (
    select
        k.month_start,
        f.*
    from (select distinct a.month_start from asked as a) as k
    cross join lateral core.declared_figure_at(cast(:source as text), k.month_start, cast(:known_at as timestamptz)) as f
),

counted as (
    select
        f.month_start,
        f.indicator_code,
        m.scope_code,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator,
        bool_and(f.is_approved) as is_approved
    from figure as f
    inner join member as m on f.unit_code = m.unit_code
    group by f.month_start, f.indicator_code, m.scope_code
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
left join counted as c on a.month_start = c.month_start and l.indicator_code = c.indicator_code and s.scope_code = c.scope_code
left join covered as v on l.indicator_code = v.indicator_code and s.scope_code = v.scope_code and a.basis <> 'year_before'
order by l.indicator_code, s.scope_code, a.basis
