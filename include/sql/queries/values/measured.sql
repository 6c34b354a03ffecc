-- grain: one row for each indicator, scope, basis and period that is computed
-- source: unit_count, person, expected (temporary: what the indicators' own SQL counted), core.scope_member, core.unit_scope,
--        core.unit_at
-- traps: a level and the whole are sums of their units as of the last day, never means of rates. A person counts once in each scope.
--        Every scope gets a row, also if nothing was counted, except a unit that did not exist yet by the last day. A record of a day on
--        which its unit did not exist counts for the successor, or only in the level and the whole. `compared_on` is the last day of the
--        period that is compared with this one; a unit then includes the units whose records would count for it on that day

insert into measured (
    period_number, indicator_code, formula_version, kind, unit_code, level, basis, numerator, denominator, coverage
)
with listed as (
    select
        l.code as indicator_code,
        l.version as formula_version,
        l.kind,
        l.coverage as coverage_code
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer, kind text, coverage text)
),

-- `codes`: the indicators that are counted on this basis; null means all of them. `span_key` and `unit_key` join as one column: of two
-- columns PostgreSQL multiplies the chances, expects a single row, and would compare every count with every unit
asked as (
    select
        a.period_number,
        a.basis,
        a.codes,
        a.last_day,
        a.compared_on,
        concat(a.period_number, a.basis) as span_key,
        dense_rank() over (order by a.last_day, a.compared_on) as day_number
    from jsonb_to_recordset(cast(:asked as jsonb)) as a (
        period_number integer, basis text, last_day date, compared_on date, codes text[]
    )
),

day as materialized (
    select distinct
        a.day_number,
        a.last_day,
        a.compared_on
    from asked as a
),

-- materialized: with wrong row estimates PostgreSQL would compute the units again for every row that was counted
-- in a tree other than the authority's only the units have values, because its levels and its whole are not the authority's
member as materialized (
    select
        k.day_number,
        concat(k.day_number, ' ', m.unit_code) as unit_key,
        m.*
    from day as k
    cross join lateral core.scope_member(k.last_day, cast(:root as text), k.compared_on) as m
    where cast(:is_bound as boolean) or m.scope_code not in ('all', 'level:' || m.level)
),

stretch as materialized (
    select
        k.day_number,
        o.*
    from day as k
    cross join lateral core.unit_scope(k.last_day) as o
),

unit as materialized (
    select
        k.day_number,
        u.*
    from day as k
    cross join lateral core.unit_at(k.last_day) as u
),

placed as (
    select
        c.period_number,
        c.basis,
        a.day_number,
        c.indicator_code,
        coalesce(o.scope_code, c.unit_code) as unit_code,
        sum(c.numerator) as numerator,
        sum(c.denominator) as denominator
    from unit_count as c
    inner join asked as a on concat(c.period_number, c.basis) = a.span_key
    left join stretch as o
        on
            a.day_number = o.day_number
            and c.unit_code = o.unit_code
            and c.counted_on >= o.from_date
            and c.counted_on <= o.to_date
    -- records of another tree do not count in the levels of this one
    where o.root_code is null or o.root_code = cast(:root as text)
    group by c.period_number, c.basis, a.day_number, c.indicator_code, coalesce(o.scope_code, c.unit_code)
),

counted as (
    select
        c.period_number,
        c.basis,
        c.day_number,
        c.indicator_code,
        m.scope_code,
        sum(c.numerator) as numerator,
        sum(c.denominator) as denominator
    from placed as c
    inner join member as m on concat(c.day_number, ' ', c.unit_code) = m.unit_key
    group by c.period_number, c.basis, c.day_number, c.indicator_code, m.scope_code
    union all
    select
        p.period_number,
        p.basis,
        a.day_number,
        p.indicator_code,
        m.scope_code,
        count(distinct p.item) filter (where p.is_numerator) as numerator,
        count(distinct p.item) as denominator
    from person as p
    inner join asked as a on concat(p.period_number, p.basis) = a.span_key
    inner join member as m on concat(a.day_number, ' ', p.unit_code) = m.unit_key
    group by p.period_number, p.basis, a.day_number, p.indicator_code, m.scope_code
),

-- a unit that has sent to one of the sources of a role has sent
sent as (
    select
        e.period_number,
        e.coverage_code,
        e.basis,
        e.unit_code,
        bool_or(e.has_sent) as has_sent
    from expected as e
    group by e.period_number, e.coverage_code, e.basis, e.unit_code
),

covered as (
    select
        e.period_number,
        e.basis,
        e.coverage_code,
        m.scope_code,
        avg(cast(e.has_sent as integer)) as coverage
    from sent as e
    inner join asked as a on concat(e.period_number, e.basis) = a.span_key
    inner join member as m on concat(a.day_number, ' ', e.unit_code) = m.unit_key
    group by e.period_number, e.basis, e.coverage_code, m.scope_code
),

scope as (
    select
        a.period_number,
        a.basis,
        m.scope_code,
        m.level
    from asked as a
    inner join member as m on a.day_number = m.day_number
    inner join unit as u on m.day_number = u.day_number and m.unit_code = u.unit_code
    where u.is_founded
    union
    select
        c.period_number,
        c.basis,
        m.scope_code,
        m.level
    from (select distinct o.period_number, o.basis, o.day_number, o.scope_code from counted as o) as c
    inner join member as m on c.day_number = m.day_number and c.scope_code = m.scope_code
    union
    select
        a.period_number,
        a.basis,
        'all' as scope_code,
        'all' as level
    from asked as a
    where cast(:is_bound as boolean)
),

-- One list that is summed, and no joins: PostgreSQL expects a single row of what stands in temporary tables, and would compare every value
-- with every other one. Only a row of `scope` has a level.
gathered as (
    select
        s.period_number,
        s.basis,
        l.indicator_code,
        s.scope_code,
        s.level,
        cast(null as numeric) as numerator,
        cast(null as numeric) as denominator,
        cast(null as numeric) as coverage
    from scope as s
    inner join asked as a on concat(s.period_number, s.basis) = a.span_key
    inner join listed as l on a.codes is null or l.indicator_code = any(a.codes)
    union all
    select
        c.period_number,
        c.basis,
        c.indicator_code,
        c.scope_code,
        null as level,
        c.numerator,
        c.denominator,
        null as coverage
    from counted as c
    union all
    select
        v.period_number,
        v.basis,
        l.indicator_code,
        v.scope_code,
        null as level,
        null as numerator,
        null as denominator,
        v.coverage
    from covered as v
    inner join listed as l on v.coverage_code = l.coverage_code
),

summed as (
    select
        g.period_number,
        g.basis,
        g.indicator_code,
        g.scope_code,
        max(g.level) as level,
        coalesce(sum(g.numerator), 0) as numerator,
        coalesce(sum(g.denominator), 0) as denominator,
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
    s.coverage
from summed as s
inner join listed as l on s.indicator_code = l.indicator_code
