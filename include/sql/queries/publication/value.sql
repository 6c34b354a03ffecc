-- grain: one row for each value of the period that is frozen
-- source: mart.indicator_value
-- traps: if a formula has several versions, the one in force now is stored (temporary table `definition`)

insert into mart.publication_value (
    publication_id, unit_code, indicator_code, basis, formula_version, level,
    numerator, denominator, value, target, status, gap_count, coverage, is_provisional, no_target_reason,
    compared_numerator, compared_denominator
)
select
    cast(:publication_id as bigint) as publication_id,
    v.unit_code,
    v.indicator_code,
    v.basis,
    v.formula_version,
    v.level,
    v.numerator,
    v.denominator,
    v.value,
    v.target,
    v.status,
    v.gap_count,
    v.coverage,
    v.is_provisional,
    v.no_target_reason,
    v.compared_numerator,
    v.compared_denominator
from mart.indicator_value as v
inner join definition as d on v.indicator_code = d.indicator_code and v.formula_version = d.formula_version
where
    v.period_kind = cast(:period_kind as text)
    and v.period_start = cast(:period_start as date)
order by v.unit_code, v.indicator_code, v.basis
