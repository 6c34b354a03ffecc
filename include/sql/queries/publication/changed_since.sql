-- grain: one row for each value of an edition that was computed after a moment: what it was before is not known
-- source: mart.publication_value, mart.indicator_value, mart.publication_unit, core.indicator
-- traps: a value that does not change keeps its computed_at

select
    p.unit_code,
    u.name as unit_name,
    p.indicator_code,
    i.name_vi as indicator_name,
    p.basis,
    p.numerator,
    p.denominator
from mart.publication_value as p
inner join mart.indicator_value as v
    on
        p.unit_code = v.unit_code
        and p.indicator_code = v.indicator_code
        and p.basis = v.basis
        and p.formula_version = v.formula_version
inner join core.indicator as i on p.indicator_code = i.indicator_code and p.formula_version = i.formula_version
left join mart.publication_unit as u on p.publication_id = u.publication_id and p.unit_code = u.unit_code
where
    p.publication_id = cast(:publication_id as bigint)
    and v.period_kind = cast(:period_kind as text)
    and v.period_start = cast(:period_start as date)
    and v.computed_at > cast(:shown_at as timestamptz)
order by p.unit_code, p.indicator_code, p.basis
