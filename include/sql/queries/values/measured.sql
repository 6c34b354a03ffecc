-- grain: one row for each indicator, scope and basis of the period that is computed
-- source: unit_count, person, expected (temporary: what the indicators' own SQL counted), core.scope_member, core.unit_scope,
--        core.unit_at
-- traps: a level and the whole are sums of their units as of the last day, never means of rates. A person counts once in each scope.
--        Every scope gets a row, also if nothing was counted, except a unit that did not exist yet by the last day. A record of a day on
--        which its unit did not exist counts for the successor, or only in the level and the whole. `compared_on` is the last day of the
--        period that is compared with this one; a unit then includes the units whose records would count for it on that day

insert into measured (indicator_code, formula_version, kind, unit_code, level, basis, numerator, denominator, coverage)
with listed as (
    select
        l.code as indicator_code,
        l.version as formula_version,
        l.kind,
        l.coverage as coverage_code
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer, kind text, coverage text)
),

-- materialized: with wrong row estimates PostgreSQL would compute the units again for every row that was counted
-- in a tree other than the authority's only the units have values, because its levels and its whole are not the authority's
member as materialized (
    select m.*
    from core.scope_member(cast(:last_day as date), cast(:root as text), cast(:compared_on as date)) as m
    where cast(:is_bound as boolean) or m.scope_code not in ('all', 'level:' || m.level)
),

stretch as materialized (
    select o.*
    from core.unit_scope(cast(:last_day as date)) as o
),

unit as materialized (
    select u.*
    from core.unit_at(cast(:last_day as date)) as u
),

placed as (
    select
        c.indicator_code,
        coalesce(o.scope_code, c.unit_code) as unit_code,
        sum(c.numerator) as numerator,
        sum(c.denominator) as denominator
    from unit_count as c
    left join stretch as o
        on c.unit_code = o.unit_code and c.counted_on >= o.from_date and c.counted_on <= o.to_date
    -- records of another tree do not count in the levels of this one
    where c.basis = cast(:basis as text) and (o.root_code is null or o.root_code = cast(:root as text))
    group by c.indicator_code, coalesce(o.scope_code, c.unit_code)
),

counted as (
    select
        c.indicator_code,
        m.scope_code,
        sum(c.numerator) as numerator,
        sum(c.denominator) as denominator
    from placed as c
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
    where p.basis = cast(:basis as text)
    group by p.indicator_code, m.scope_code
),

-- a unit that has sent to one of the sources of a role has sent
sent as (
    select
        e.coverage_code,
        e.basis,
        e.unit_code,
        bool_or(e.has_sent) as has_sent
    from expected as e
    group by e.coverage_code, e.basis, e.unit_code
),

covered as (
    select
        e.coverage_code,
        m.scope_code,
        avg(cast(e.has_sent as integer)) as coverage
    from sent as e
    inner join member as m on e.unit_code = m.unit_code
    where e.basis = cast(:basis as text)
    group by e.coverage_code, m.scope_code
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
    where cast(:is_bound as boolean)
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
