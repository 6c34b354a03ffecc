-- grain: one row for each value of one edition that has the same numbers now, and another target or status
-- source: mart.publication_value, mart.indicator_value
-- traps: no restatement tells of it, because no item counts otherwise: the plan was changed afterwards, or what its status is judged by.
--        Values of another version of the formula are compared by their restatement

select
    p.indicator_code,
    p.unit_code,
    p.basis,
    p.target as published_target,
    p.status as published_status,
    c.target,
    c.status
from mart.publication_value as p
inner join mart.indicator_value as c
    on
        p.indicator_code = c.indicator_code
        and p.unit_code = c.unit_code
        and p.basis = c.basis
        and p.formula_version = c.formula_version
where
    p.publication_id = cast(:publication_id as bigint)
    and c.period_kind = cast(:kind as text)
    and c.period_start = cast(:start as date)
    and p.numerator is not distinct from c.numerator
    and p.denominator is not distinct from c.denominator
    and (p.target is distinct from c.target or p.status is distinct from c.status)
order by p.indicator_code, p.unit_code, p.basis
