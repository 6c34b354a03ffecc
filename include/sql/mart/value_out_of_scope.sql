-- grain: one row for each value that is deleted because its scope no longer exists in the period
-- source: mart.indicator_value, core.unit_at, core.role_clock, core.authority
-- traps: a unit has no row in a period that ends before the unit existed, and a level has none before its first unit existed. The
--        statement runs before the values are written. If something still counts in a level without units, the level gets its row again
--        then. Levels belong to the authority alone, so another tree of units deletes none. A unit that came into a tree in which no source
--        fills the role has no value any more

with asked as (
    select
        p.period_kind,
        p.period_start,
        p.last_day
    from
        unnest(cast(:period_kinds as text[]), cast(:period_starts as date[]), cast(:last_days as date[]))
        as p (period_kind, period_start, last_day)
),

-- materialized: with wrong row estimates PostgreSQL would compute the units again for every value
unit as materialized (
    select
        k.last_day,
        u.unit_code,
        u.level,
        u.root_code,
        u.is_founded
    from (select distinct a.last_day from asked as a) as k
    cross join lateral core.unit_at(k.last_day) as u
),

scope as materialized (
    select
        u.last_day,
        s.scope_code
    from unit as u
    cross join lateral (values (u.unit_code, true), ('level:' || u.level, false)) as s (scope_code, is_unit)
    where
        (u.root_code = cast(:root as text) and u.is_founded)
        -- values of units in other trees are kept where the role is computed in their tree
        or (
            u.root_code <> cast(:root as text)
            and s.is_unit
            and u.root_code in (
                select c.root_code
                from core.role_clock as c
                where
                    c.role = cast(:role as text)
                    and c.known_at is not null
                    -- only units of the authority's own tree declare figures
                    and (c.role <> 'declared' or c.root_code = (select o.root_code from core.authority as o))
            )
        )
),

listed as (
    select
        l.code as indicator_code,
        l.version as formula_version
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer)
)

delete from mart.indicator_value as v
using listed as l, asked as a
where
    v.period_kind = a.period_kind
    and v.period_start = a.period_start
    and v.indicator_code = l.indicator_code
    and v.formula_version = l.formula_version
    and v.unit_code <> 'all'
    and (a.last_day, v.unit_code) not in (select s.last_day, s.scope_code from scope as s)
    and (v.unit_code not like 'level:%' or cast(:root as text) = (select o.root_code from core.authority as o))
returning
    v.period_kind,
    v.period_start
