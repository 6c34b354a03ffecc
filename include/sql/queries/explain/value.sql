-- grain: one row, or none: the stored value of one indicator, scope, period and basis, with the value of the edition in force beside it
-- source: mart.indicator_value, mart.published_value, mart.restatement, mart.restatement_item
-- traps: a value that was published and exists no more has a row, too

with current_value as (
    select *
    from mart.indicator_value as m
    where
        m.indicator_code = cast(:code as text)
        and m.formula_version = cast(:version as integer)
        and m.unit_code = cast(:scope as text)
        and m.period_kind = cast(:kind as text)
        and m.period_start = cast(:start as date)
        and m.basis = cast(:basis as text)
),

published as (
    select *
    from mart.published_value as m
    where
        m.indicator_code = cast(:code as text)
        and m.unit_code = cast(:scope as text)
        and m.period_kind = cast(:kind as text)
        and m.period_start = cast(:start as date)
        and m.basis = cast(:basis as text)
)

select
    v.plan_code,
    v.formula_version,
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
    v.compared_denominator,
    v.computed_at,
    p.publication_id,
    p.edition,
    p.published_at,
    p.approved_by,
    p.formula_version as published_formula_version,
    p.numerator as published_numerator,
    p.denominator as published_denominator,
    p.value as published_value,
    p.target as published_target,
    p.status as published_status,
    p.is_restated,
    (
        select count(*)
        from mart.restatement as r
        inner join mart.restatement_item as i on r.restatement_id = i.restatement_id
        where
            r.publication_id = p.publication_id
            and r.state = 'open'
            and r.indicator_code = p.indicator_code
            and r.unit_code = p.unit_code
            and r.basis = p.basis
    ) as changed_count
from current_value as v
full join published as p on true
