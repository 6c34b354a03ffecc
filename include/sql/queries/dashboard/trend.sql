-- grain: one row for each indicator, scope and month (or report month) of the thirteen months that end in one
-- source: mart.indicator_value, core.indicator
-- traps: a month that is not computed is missing, not zero; rates and targets are percents, as on the scorecard

select
    v.indicator_code,
    v.unit_code,
    v.period_start,
    cast(v.period_end - 1 as date) as last_day,
    v.numerator,
    v.denominator,
    case i.kind when 'count' then v.value when 'score' then round(v.value, 2) else round(v.value * 100, 2) end as shown,
    round(v.target * 100, 2) as target_percent,
    v.status,
    v.is_provisional
from mart.indicator_value as v
inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
where
    i.ended_at is null
    and v.unit_code = any(cast(:scopes as text []))
    and (cast(:indicator as text) is null or v.indicator_code = cast(:indicator as text))
    and v.period_kind = cast(:month_kind as text)
    and v.period_start > cast(cast(:last_start as date) - make_interval(months => cast(:months as integer)) as date)
    and v.period_start <= cast(:last_start as date)
    and v.basis = cast(:basis as text)
order by v.indicator_code, v.unit_code, v.period_start
