-- grain: one row a value that is taken away: of a scope that the period does not have any more
-- source: mart.indicator_value, core.unit_at, core.authority
-- traps: a unit has no row before it came into being, a level none before its first unit did; runs before the values are written, which
--        gives a level without units its row again where something counts in it all the same; levels are the authority's alone: another
--        tree takes none away

-- materialized: with wrong row estimates PostgreSQL would compute the units again for every value
with unit as materialized (
    select
        u.unit_code,
        u.level,
        u.root_code,
        u.is_founded
    from core.unit_at(cast(:last_day as date)) as u
),

listed as (
    select
        l.code as indicator_code,
        l.version as formula_version
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer)
)

delete from mart.indicator_value as v
using listed as l
where
    v.period_kind = cast(:kind as text)
    and v.period_start = cast(:period_start as date)
    and v.indicator_code = l.indicator_code
    and v.formula_version = l.formula_version
    and v.unit_code <> 'all'
    and not exists (
        select 1
        from unit as u
        where u.root_code = cast(:root as text) and u.is_founded and v.unit_code in (u.unit_code, 'level:' || u.level)
    )
    -- values of units in other trees are kept
    and not exists (select 1 from unit as o where o.unit_code = v.unit_code and o.root_code <> cast(:root as text))
    and (v.unit_code not like 'level:%' or cast(:root as text) = (select a.root_code from core.authority as a))
