-- grain: one row for each indicator, scope, period and basis that differs from what is stored; returns how many, one row for each period
-- source: measured (temporary: periods on both bases, and the year to date of the same periods a year before), core.plan_target
-- traps: rows that do not change keep their computed_at. The status of a flow is decided by its year to date, on both bases. A target
--        holds only in the years of its plan. Comparisons and gaps are exact (numeric), never rounded

with asked as materialized (
    select a.*
    from jsonb_to_recordset(cast(:periods as jsonb)) as a (
        period_number integer, plan_code text, kind text, period_start date, period_end date, last_day date, has_year_before boolean,
        is_running boolean, incomplete_bases text[], incomplete_codes text[]
    )
),

holding as materialized (
    select
        a.period_number,
        a.period_end,
        p.plan_code,
        p.valid_from,
        p.valid_to
    from asked as a
    inner join core.plan as p on a.plan_code = p.plan_code
    where
        -- the plan holds for the units in the authority's own tree
        cast(:is_bound as boolean)
        and a.period_end - 1 between p.valid_from and p.valid_to
),

target as materialized (
    select
        h.period_number,
        t.indicator_code,
        t.level,
        t.operator,
        t.target,
        t.kind,
        -- of a plan of several years the year of the period: a milestone is due in each
        greatest(h.valid_from, make_date(cast(extract(year from h.period_end - 1) as integer), 1, 1)) as valid_from,
        least(h.valid_to, make_date(cast(extract(year from h.period_end - 1) as integer), 12, 31)) as valid_to
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
    where m.basis <> 'year_before' or m.period_number in (select a.period_number from asked as a where a.has_year_before)
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
    window same_value as (partition by c.period_number, c.unit_code, c.indicator_code)
),

decided as (
    select
        b.*,
        case when b.kind = 'stock' then b.numerator else b.numerator_to_date end as decisive_numerator,
        case when b.kind = 'stock' then b.lower else b.lower_to_date end as decisive_lower
    from beside as b
    where b.basis <> 'year_before' and (b.kind = 'stock' or b.has_year_to_date)
),

judged as (
    select
        a.plan_code,
        d.indicator_code,
        d.formula_version,
        d.unit_code,
        d.level,
        a.kind as period_kind,
        a.period_start,
        a.period_end,
        d.basis,
        d.numerator,
        d.denominator,
        case when d.kind = 'count' then d.numerator else cast(d.numerator as numeric) / d.lower end as value,
        t.target,
        core.judged_status(
            t.kind, t.operator, t.target, d.decisive_numerator, d.decisive_lower, d.numerator_before, d.lower_before,
            a.last_day, t.valid_from, t.valid_to
        ) as status,
        case
            when t.target is not null and d.denominator is not null
                then cast(greatest(0, ceil(t.target * d.denominator - d.numerator)) as bigint)
        end as gap_count,
        d.coverage,
        coalesce(d.coverage < 1, false) or not coalesce(d.is_approved, true) or a.is_running
        -- dossiers that the source lists and that are not stored
        or (d.indicator_code = any(a.incomplete_codes) and d.basis = any(a.incomplete_bases)) as is_provisional,
        case when d.period_number not in (select h.period_number from holding as h) then 'no plan holds' end as no_target_reason,
        case when t.kind = 'direction' then d.numerator_before end as compared_numerator,
        case when t.kind = 'direction' and d.kind <> 'count' then d.lower_before end as compared_denominator
    from decided as d
    inner join asked as a on d.period_number = a.period_number
    left join target as t on d.period_number = t.period_number and d.indicator_code = t.indicator_code and t.level in ('all', d.level)
),

-- materialized: the values of these periods are read by their index, and then compared as a whole
stored as materialized (
    select v.*
    from asked as a
    inner join mart.indicator_value as v on a.kind = v.period_kind and a.period_start = v.period_start
),

-- materialized: they are few, and only they are sorted
differing as materialized (
    select j.*
    from judged as j
    left join stored as v
        on
            j.unit_code = v.unit_code
            and j.indicator_code = v.indicator_code
            and j.period_kind = v.period_kind
            and j.period_start = v.period_start
            and j.basis = v.basis
            and j.formula_version = v.formula_version
    where
        v.unit_code is null
        or (
            v.numerator, v.denominator, v.value, v.target, v.status, v.gap_count, v.coverage, v.is_provisional, v.level,
            v.plan_code, v.no_target_reason, v.compared_numerator, v.compared_denominator
        )
        is distinct from (
            j.numerator, j.denominator, j.value, j.target, j.status, j.gap_count, j.coverage, j.is_provisional, j.level,
            j.plan_code, j.no_target_reason, j.compared_numerator, j.compared_denominator
        )
),

written as (
    insert into mart.indicator_value (
        plan_code, indicator_code, formula_version, unit_code, level, period_kind, period_start, period_end, basis,
        numerator, denominator, value, target, status, gap_count, coverage, is_provisional, no_target_reason, computed_at,
        compared_numerator, compared_denominator
    )
    select
        d.plan_code,
        d.indicator_code,
        d.formula_version,
        d.unit_code,
        d.level,
        d.period_kind,
        d.period_start,
        d.period_end,
        d.basis,
        d.numerator,
        d.denominator,
        d.value,
        d.target,
        d.status,
        d.gap_count,
        d.coverage,
        d.is_provisional,
        d.no_target_reason,
        cast(:now as timestamptz) as computed_at,
        d.compared_numerator,
        d.compared_denominator
    from differing as d
    order by d.period_start, d.unit_code, d.indicator_code, d.basis
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
    returning
        period_kind,
        period_start
)

select
    w.period_kind,
    w.period_start,
    count(*) as changed
from written as w
group by w.period_kind, w.period_start
