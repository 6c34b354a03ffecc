-- grain: one row for each indicator, scope, basis and month with a value, of the year before and the year so far
-- source: mart.indicator_value

select
    indicator_code,
    unit_code,
    extract(year from period_start) as year,
    extract(month from period_start) as month,
    basis,
    numerator,
    denominator
from mart.indicator_value
where
    period_kind = 'month' and period_start >= :first and period_start <= :last and denominator is not null
    and (cast(:unit as text) is null or unit_code = :unit)
