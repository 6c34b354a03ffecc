-- grain: one row for each indicator and scope of a period on one basis, by the formula in force
-- source: mart.indicator_value, core.indicator
-- traps: `scopes` null: every scope

select
    v.*
from mart.indicator_value as v
inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
where
    i.ended_at is null
    and v.period_kind = cast(:kind as text)
    and v.period_start = cast(:start as date)
    and v.basis = cast(:basis as text)
    and (cast(:scopes as text []) is null or v.unit_code = any(cast(:scopes as text [])))
    and (cast(:indicator as text) is null or v.indicator_code = cast(:indicator as text))
