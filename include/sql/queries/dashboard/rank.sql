-- grain: one row for a unit: its place among the units of its level by one indicator, and a commune's by the score of Decision 766
-- source: mart.indicator_value, core.indicator, mart.score_766_total
-- traps: equal values share a place; a unit without a value has no row

with value as (
    select
        v.unit_code,
        v.level,
        v.value,
        rank() over (partition by v.level order by v.value desc) as place,
        count(*) over (partition by v.level) as unit_count
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
    where
        i.ended_at is null
        and v.indicator_code = cast(:indicator as text)
        and v.period_kind = cast(:kind as text)
        and v.period_start = cast(:start as date)
        and v.basis = cast(:basis as text)
        and v.value is not null
        and v.unit_code <> 'all'
        and v.unit_code not like 'level:%'
)

select
    v.place,
    v.unit_count,
    s.commune_rank,
    s.points,
    s.max_points
from value as v
left join mart.score_766_total as s
    on v.unit_code = s.unit_code and s.period_kind = cast(:kind as text) and s.period_start = cast(:start as date)
where v.unit_code = cast(:unit as text)
