-- grain: one row for each part of the score of a scope in a period
-- source: mart.score_766
-- traps: the published formula comes before a newer one

select *
from mart.score_766
where
    period_kind = :kind and period_start = :start and unit_code = :unit
    and formula_version = (
        select s.formula_version
        from mart.score_766 as s
        where s.period_kind = :kind and s.period_start = :start and s.unit_code = :unit
        order by s.publication is null, s.formula_version desc
        limit 1
    )
order by part_order
