-- grain: one row an indicator, scope, period and basis
-- source: measured (temporary: one period on both bases, and the year to date of the same period a year before), core.plan_target
-- traps: rows that stay as they are keep their computed_at; a flow's status is decided by its year to date on both bases;
--        comparisons and gaps are exact (numeric), never rounded (indicators.md §2)

insert into mart.indicator_value as v (
    plan_code, indicator_code, formula_version, unit_code, level, period_kind, period_start, period_end, basis,
    numerator, denominator, value, target, status, gap_count, coverage, is_provisional, computed_at
)
with target as (
    select
        t.indicator_code,
        t.level,
        t.target,
        t.kind
    from core.plan_target as t
    where t.plan_code = cast(:plan as text)
),

decided as (
    select
        m.*,
        y.numerator as decisive_numerator,
        y.denominator as decisive_denominator
    from measured as m
    inner join measured as y
        on
            m.indicator_code = y.indicator_code
            and m.unit_code = y.unit_code
            and y.basis = case when m.kind = 'stock' then m.basis else 'year_to_date' end
    where m.basis <> 'year_before'
),

compared as (
    select
        d.*,
        t.target,
        t.kind as target_kind,
        t.indicator_code is not null as has_target,
        p.numerator as year_before,
        case
            when d.kind = 'count' then d.numerator
            else cast(d.numerator as numeric) / nullif(d.denominator, 0)
        end as value
    from decided as d
    left join target as t on d.indicator_code = t.indicator_code and t.level in ('all', d.level)
    left join measured as p on d.indicator_code = p.indicator_code and d.unit_code = p.unit_code and p.basis = 'year_before'
)

select
    cast(:plan as text) as plan_code,
    c.indicator_code,
    c.formula_version,
    c.unit_code,
    c.level,
    cast(:kind as text) as period_kind,
    cast(:period_start as date) as period_start,
    cast(:period_end as date) as period_end,
    c.basis,
    c.numerator,
    c.denominator,
    c.value,
    c.target,
    case
        when not c.has_target then null
        when c.target_kind = 'direction' and not cast(:has_year_before as boolean) then 'no_data'
        when c.target_kind = 'direction' and c.decisive_numerator > coalesce(c.year_before, 0) then 'met'
        when c.target_kind = 'direction' then 'missed'
        when coalesce(c.decisive_denominator, 0) = 0 then 'no_data'
        when c.decisive_numerator >= c.target * c.decisive_denominator then 'met'
        when c.target_kind <> 'milestone' or cast(:is_year_over as boolean) then 'missed'
        when
            c.decisive_numerator * cast(:pace_denominator as bigint)
            >= c.target * c.decisive_denominator * cast(:pace_numerator as bigint)
            then 'on_pace'
        else 'behind'
    end as status,
    case
        when c.target is not null and c.denominator is not null
            then cast(greatest(0, ceil(c.target * c.denominator - c.numerator)) as bigint)
    end as gap_count,
    c.coverage,
    coalesce(c.coverage < 1, false) or cast(:is_running as boolean)
    -- dossiers that the source lists and that are not stored
    or (c.indicator_code = any(cast(:incomplete_codes as text[])) and c.basis = any(cast(:incomplete_bases as text[]))) as is_provisional,
    cast(:now as timestamptz) as computed_at
from compared as c
order by c.unit_code, c.indicator_code, c.basis
on conflict (unit_code, indicator_code, period_kind, period_start, basis, plan_code, formula_version) do update set
    level = excluded.level,
    period_end = excluded.period_end,
    numerator = excluded.numerator,
    denominator = excluded.denominator,
    value = excluded.value,
    target = excluded.target,
    status = excluded.status,
    gap_count = excluded.gap_count,
    coverage = excluded.coverage,
    is_provisional = excluded.is_provisional,
    computed_at = excluded.computed_at
where
    (v.numerator, v.denominator, v.value, v.target, v.status, v.gap_count, v.coverage, v.is_provisional, v.level)
    is distinct from (
        excluded.numerator, excluded.denominator, excluded.value, excluded.target, excluded.status,
        excluded.gap_count, excluded.coverage, excluded.is_provisional, excluded.level
    )
