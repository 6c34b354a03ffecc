-- grain: one row for each value that is deleted because another version of the formula holds in its period
-- source: mart.indicator_value, core.indicator, core.unit, core.authority
-- traps: values of a version that has ended stay, as they were computed last. The whole and the levels belong to the authority's own tree

delete from mart.indicator_value as v
using
    jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer),
    unnest(cast(:period_kinds as text []), cast(:period_starts as date [])) as p (period_kind, period_start)
where
    v.indicator_code = l.code
    and v.formula_version <> l.version
    and v.period_kind = p.period_kind
    and v.period_start = p.period_start
    and exists (
        select 1
        from core.indicator as i
        where i.indicator_code = v.indicator_code and i.formula_version = v.formula_version and i.ended_at is null
    )
    and (
        v.unit_code in (select u.unit_code from core.unit as u where u.root_code = cast(:root as text))
        or (
            (v.unit_code = 'all' or v.unit_code like 'level:%')
            and cast(:root as text) = (select o.root_code from core.authority as o)
        )
    )
