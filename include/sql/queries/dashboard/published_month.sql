-- grain: one row for each month (or report month) of which the value of an indicator in a scope was published, on one basis
-- source: mart.published_value
-- traps: the value of the edition in force

select
    cast(v.period_end - 1 as date) as last_day,
    v.value,
    v.edition
from mart.published_value as v
where
    v.indicator_code = cast(:indicator as text)
    and v.unit_code = cast(:scope as text)
    and v.basis = cast(:basis as text)
    and v.period_kind = cast(:month_kind as text)
