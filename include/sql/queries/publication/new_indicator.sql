-- grain: one row for each indicator with a value in a period that an edition of the period did not define
-- source: mart.indicator_value, core.indicator

select distinct on (v.indicator_code)
    v.indicator_code,
    i.name_vi
from mart.indicator_value as v
inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
where v.period_kind = :kind and v.period_start = :start and v.indicator_code <> all(:defined)
order by v.indicator_code asc, v.formula_version desc
