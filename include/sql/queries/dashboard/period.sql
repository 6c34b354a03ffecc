-- grain: one row for each computed period
-- source: mart.indicator_value
-- traps: the whole has a row in each computed period, so its rows are enough

select distinct
    v.period_kind,
    v.period_start,
    v.period_end
from mart.indicator_value as v
where v.unit_code = 'all'
