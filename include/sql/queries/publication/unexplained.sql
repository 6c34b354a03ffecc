-- grain: one row for each unit, indicator and basis whose difference from the edition is not the sum of its changed items
-- source: difference, changed_item (temporary), mart.indicator_value, core.unit_at
-- traps: the whole is the sum of the units and of the items that count for no unit, so it is looked at beside the units. A unit without a
--        difference must have gained as many items as it has lost. What a source delivers for a unit of another tree is in no whole

with listed as (
    select l.*
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, has_denominator boolean)
),

changed as (
    select
        c.indicator_code,
        c.basis,
        c.unit_code,
        sum(case when c.after = 'numerator' then 1 else 0 end - case when c.before = 'numerator' then 1 else 0 end) as numerator,
        sum(
            case when l.has_denominator and c.after is not null then 1 else 0 end
            - case when l.has_denominator and c.before is not null then 1 else 0 end
        ) as denominator
    from changed_item as c
    inner join listed as l on c.indicator_code = l.code
    group by c.indicator_code, c.basis, c.unit_code
),

explained as (
    select * from changed
    union all
    select
        c.indicator_code,
        c.basis,
        'all' as unit_code,
        sum(c.numerator) as numerator,
        sum(c.denominator) as denominator
    from changed as c
    where
        c.unit_code like 'level:%'
        or exists (
            select 1
            from core.unit_at(cast(:last_day as date)) as u
            where u.unit_code = c.unit_code and u.root_code = cast(:root as text)
        )
    group by c.indicator_code, c.basis
),

differing as (
    select
        d.indicator_code,
        d.basis,
        d.unit_code,
        coalesce(d.numerator, 0) - coalesce(d.published_numerator, 0) as numerator,
        coalesce(d.denominator, 0) - coalesce(d.published_denominator, 0) as denominator
    from difference as d
    inner join listed as l on d.indicator_code = l.code
    where d.unit_code not like 'level:%'
)

select
    coalesce(d.indicator_code, e.indicator_code) as indicator_code,
    coalesce(d.basis, e.basis) as basis,
    coalesce(d.unit_code, e.unit_code) as unit_code,
    coalesce(d.numerator, 0) as numerator,
    coalesce(d.denominator, 0) as denominator,
    coalesce(e.numerator, 0) as item_numerator,
    coalesce(e.denominator, 0) as item_denominator
from differing as d
full join explained as e on d.indicator_code = e.indicator_code and d.basis = e.basis and d.unit_code = e.unit_code
where
    (coalesce(d.numerator, 0) <> coalesce(e.numerator, 0) or coalesce(d.denominator, 0) <> coalesce(e.denominator, 0))
    and (
        d.unit_code is not null
        or exists (
            select 1
            from mart.indicator_value as v
            where
                v.period_kind = cast(:period_kind as text)
                and v.period_start = cast(:period_start as date)
                and v.indicator_code = e.indicator_code
                and v.basis = e.basis
                and v.unit_code = e.unit_code
        )
    )
order by indicator_code, basis, unit_code
