-- grain: one row for each published value that differs now
-- source: mart.publication_value, mart.indicator_value
-- traps: only the indicators in `listed`, which the refreshed source feeds; a value that no longer exists counts as 0;
--        an indicator that did not exist at the publication (not in `defined`) is new, and no difference

create temp table difference on commit drop as
with listed as (
    select
        l.code as indicator_code,
        l.version as formula_version
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, version integer)
),

current_value as (
    select v.*
    from mart.indicator_value as v
    inner join listed as l on v.indicator_code = l.indicator_code and v.formula_version = l.formula_version
    where
        v.period_kind = cast(:period_kind as text)
        and v.period_start = cast(:period_start as date)
        and v.indicator_code = any(cast(:defined as text []))
),

published_value as (
    select v.*
    from mart.publication_value as v
    inner join listed as l on v.indicator_code = l.indicator_code
    where v.publication_id = cast(:publication_id as bigint)
)

select
    coalesce(p.unit_code, c.unit_code) as unit_code,
    coalesce(p.indicator_code, c.indicator_code) as indicator_code,
    coalesce(p.basis, c.basis) as basis,
    coalesce(p.level, c.level) as level,
    p.numerator as published_numerator,
    p.denominator as published_denominator,
    p.value as published_value,
    p.status as published_status,
    c.numerator,
    c.denominator,
    c.value,
    c.status
from published_value as p
full join current_value as c on p.unit_code = c.unit_code and p.indicator_code = c.indicator_code and p.basis = c.basis
where
    coalesce(p.numerator, 0) <> coalesce(c.numerator, 0)
    or coalesce(p.denominator, 0) <> coalesce(c.denominator, 0)
