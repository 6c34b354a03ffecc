-- grain: one row for each indicator, scope, period and basis
-- source: measured (temporary: periods on both bases, and the year to date of the same periods a year before), core.plan_target
-- traps: rows that do not change keep their computed_at. The status of a flow is decided by its year to date, on both bases. A target
--        holds only in the years of its plan. Comparisons and gaps are exact (numeric), never rounded

insert into mart.indicator_value as v (
    plan_code, indicator_code, formula_version, unit_code, level, period_kind, period_start, period_end, basis,
    numerator, denominator, value, target, status, gap_count, coverage, is_provisional, no_target_reason, computed_at,
    compared_numerator, compared_denominator
)
with holding as (
    select p.*
    from core.plan as p
    where
        p.plan_code = cast(:plan as text)
        -- the plan holds for the units in the authority's own tree
        and cast(:is_bound as boolean)
        and cast(:period_end as date) - 1 between p.valid_from and p.valid_to
),

target as materialized (
    select
        t.indicator_code,
        t.level,
        t.operator,
        t.target,
        t.kind,
        -- of a plan of several years the year of the period: a milestone is due in each
        greatest(h.valid_from, make_date(cast(extract(year from cast(:period_end as date) - 1) as integer), 1, 1)) as valid_from,
        least(h.valid_to, make_date(cast(extract(year from cast(:period_end as date) - 1) as integer), 12, 31)) as valid_to
    from core.plan_target as t
    inner join holding as h on t.plan_code = h.plan_code
    where t.ended_at is null
),

-- the fraction to compare: a count has the denominator 1; null without a value
compared as (
    select
        m.*,
        case when m.kind = 'count' then 1 else nullif(m.denominator, 0) end as lower
    from measured as m
    where
        m.period_number = cast(:period_number as integer)
        and (m.basis <> 'year_before' or cast(:has_year_before as boolean))
),

-- each row with the year to date and the year before of its indicator and scope. Windows, because PostgreSQL knows nothing of a temporary
-- table: it would join the rows with themselves by nested loops
beside as (
    select
        c.*,
        bool_or(c.basis = 'year_to_date') over same_value as has_year_to_date,
        max(c.numerator) filter (where c.basis = 'year_to_date') over same_value as numerator_to_date,
        max(c.lower) filter (where c.basis = 'year_to_date') over same_value as lower_to_date,
        max(c.numerator) filter (where c.basis = 'year_before') over same_value as numerator_before,
        max(c.lower) filter (where c.basis = 'year_before') over same_value as lower_before
    from compared as c
    window same_value as (partition by c.unit_code, c.indicator_code)
),

decided as (
    select
        b.*,
        case when b.kind = 'stock' then b.numerator else b.numerator_to_date end as decisive_numerator,
        case when b.kind = 'stock' then b.lower else b.lower_to_date end as decisive_lower
    from beside as b
    where b.basis <> 'year_before' and (b.kind = 'stock' or b.has_year_to_date)
)

select
    cast(:plan as text) as plan_code,
    d.indicator_code,
    d.formula_version,
    d.unit_code,
    d.level,
    cast(:kind as text) as period_kind,
    cast(:period_start as date) as period_start,
    cast(:period_end as date) as period_end,
    d.basis,
    d.numerator,
    d.denominator,
    case when d.kind = 'count' then d.numerator else cast(d.numerator as numeric) / d.lower end as value,
    t.target,
    core.judged_status(
        t.kind, t.operator, t.target, d.decisive_numerator, d.decisive_lower, d.numerator_before, d.lower_before,
        cast(:last_day as date), t.valid_from, t.valid_to
    ) as status,
    case
        when t.target is not null and d.denominator is not null
            then cast(greatest(0, ceil(t.target * d.denominator - d.numerator)) as bigint)
    end as gap_count,
    d.coverage,
    coalesce(d.coverage < 1, false) or not coalesce(d.is_approved, true) or cast(:is_running as boolean)
    -- dossiers that the source lists and that are not stored
    or (d.indicator_code = any(cast(:incomplete_codes as text[])) and d.basis = any(cast(:incomplete_bases as text[]))) as is_provisional,
    case when not exists (select 1 from holding) then 'no plan holds' end as no_target_reason,
    cast(:now as timestamptz) as computed_at,
    case when t.kind = 'direction' then d.numerator_before end as compared_numerator,
    case when t.kind = 'direction' and d.kind <> 'count' then d.lower_before end as compared_denominator
from decided as d
left join target as t on d.indicator_code = t.indicator_code and t.level in ('all', d.level)
order by d.unit_code, d.indicator_code, d.basis
on conflict (unit_code, indicator_code, period_kind, period_start, basis, formula_version) do update set
    plan_code = excluded.plan_code,
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
    no_target_reason = excluded.no_target_reason,
    computed_at = excluded.computed_at,
    compared_numerator = excluded.compared_numerator,
    compared_denominator = excluded.compared_denominator
where
    (
        v.numerator, v.denominator, v.value, v.target, v.status, v.gap_count, v.coverage, v.is_provisional, v.level,
        v.plan_code, v.no_target_reason, v.compared_numerator, v.compared_denominator
    )
    is distinct from (
        excluded.numerator, excluded.denominator, excluded.value, excluded.target, excluded.status,
        excluded.gap_count, excluded.coverage, excluded.is_provisional, excluded.level, excluded.plan_code, excluded.no_target_reason,
        excluded.compared_numerator, excluded.compared_denominator
    )
