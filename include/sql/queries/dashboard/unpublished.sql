-- grain: one row for each computed month that has no edition
-- source: mart.indicator_value, mart.publication

select distinct
    v.period_kind,
    v.period_start,
    v.period_end
from mart.indicator_value as v
where
    v.unit_code = 'all'
    and v.period_kind = 'month'
    and not exists (
        select 1
        from mart.publication as p
        where p.period_kind = v.period_kind and p.period_start = v.period_start
    )
order by v.period_start desc
