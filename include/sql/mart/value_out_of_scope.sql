-- grain: one row for each value that is deleted because its scope no longer exists in the period
-- source: mart.indicator_value, core.unit_at, core.authority
-- traps: a unit has no row in a period that ends before the unit existed, and a level has none before its first unit existed. The
--        statement runs before the values are written. If something still counts in a level without units, the level gets its row again
--        then. Levels belong to the authority alone, so another tree of units deletes none

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
