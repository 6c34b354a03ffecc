-- grain: one row an indicator, scope and basis of the period in work
-- source: unit_count, person, expected (temporary: what the indicators' own SQL counted), core.unit
-- traps: a level and the whole are sums of their units, never means of rates; a person counts once in each scope;
--        every scope gets a row, also where nothing was counted

insert into measured (indicator_code, formula_version, kind, unit_code, level, basis, numerator, denominator, coverage)
with listed as (
    select
        l.code as indicator_code,
        l.version as formula_version,
        l.kind,
        l.coverage as coverage_code
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer, kind text, coverage text)
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

counted as (
    select
        c.indicator_code,
        m.scope_code,
        sum(c.numerator) as numerator,
        sum(c.denominator) as denominator
    from unit_count as c
    inner join member as m on c.unit_code = m.unit_code
    group by c.indicator_code, m.scope_code
    union all
    select
        p.indicator_code,
        m.scope_code,
        count(distinct p.item) filter (where p.is_numerator) as numerator,
        count(distinct p.item) as denominator
    from person as p
    inner join member as m on p.unit_code = m.unit_code
    group by p.indicator_code, m.scope_code
),

covered as (
    select
        e.coverage_code,
        m.scope_code,
        avg(cast(e.has_sent as integer)) as coverage
    from expected as e
    inner join member as m on e.unit_code = m.unit_code
    group by e.coverage_code, m.scope_code
),

scope as (
    select distinct
        m.scope_code,
        m.level
    from member as m
)

select
    l.indicator_code,
    l.formula_version,
    l.kind,
    s.scope_code as unit_code,
    s.level,
    cast(:basis as text) as basis,
    coalesce(c.numerator, 0) as numerator,
    case when l.kind <> 'count' then coalesce(c.denominator, 0) end as denominator,
    v.coverage
from listed as l
cross join scope as s
left join counted as c on l.indicator_code = c.indicator_code and s.scope_code = c.scope_code
left join covered as v on l.coverage_code = v.coverage_code and s.scope_code = v.scope_code
order by l.indicator_code, s.scope_code
