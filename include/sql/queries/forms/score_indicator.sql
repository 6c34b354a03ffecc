-- grain: one row for each indicator that gives a part of the score, and scope: its value in the period, of the newest formula
-- source: mart.indicator_value

select distinct on (indicator_code, unit_code)
    indicator_code,
    unit_code,
    numerator,
    denominator
from mart.indicator_value
where period_kind = :kind and period_start = :start and basis = 'period' and indicator_code = any(:codes)
order by indicator_code asc, unit_code asc, formula_version desc
