-- grain: one row: how many values a period has, and a hash of which they are
-- source: mart.indicator_value
-- traps: the hash is that of units, indicators, versions of formulas and bases, not that of the values

select
    count(*) as value_count,
    md5(coalesce(string_agg(
        concat_ws(' ', v.unit_code, v.indicator_code, v.formula_version, v.basis),
        '|' order by v.unit_code, v.indicator_code, v.formula_version, v.basis
    ), '')) as keys_hash
from mart.indicator_value as v
where v.period_kind = cast(:period_kind as text) and v.period_start = cast(:period_start as date)
