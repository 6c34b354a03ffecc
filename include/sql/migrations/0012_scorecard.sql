-- grain: one statement a change; the scorecard's period before is that of cchc.period.Period.before()
-- source: mart.scorecard of 0007, in which nothing else is changed
-- traps: nothing ends where nine months begin: the nine months of the year before are the period before them

create or replace view mart.scorecard as
with value as not materialized (
    select
        v.*,
        case i.kind when 'count' then v.value when 'score' then round(v.value, 2) else round(v.value * 100, 2) end as shown
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
),

-- what was computed at all: every target is shown at each scope of each such period, with or without a value
scope as not materialized (
    select distinct
        v.plan_code,
        v.period_kind,
        v.period_start,
        v.period_end,
        v.unit_code,
        v.level
    from mart.indicator_value as v
),

-- the month of D, whose files are looked at: D is cut at the T of the declared figures
declared_clock as not materialized (
    select cast((k.known_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date) as last_day
    from ops.source_clock as k
    where k.source_code = 'declared'
),

cell as not materialized (
    select
        s.*,
        t.indicator_code,
        t.target_no,
        t.target_order,
        t.section,
        t.clause_vi,
        t.target as planned_target,
        t.lead_agency,
        t.level as target_level
    from scope as s
    inner join core.plan_target as t on s.plan_code = t.plan_code and t.level in ('all', s.level)
    union all
    select distinct
        v.plan_code,
        v.period_kind,
        v.period_start,
        v.period_end,
        v.unit_code,
        v.level,
        v.indicator_code,
        cast(null as text) as target_no,
        cast(null as integer) as target_order,
        cast(null as text) as section,
        cast(null as text) as clause_vi,
        cast(null as numeric) as planned_target,
        cast(null as text) as lead_agency,
        cast(null as text) as target_level
    from mart.indicator_value as v
    where not exists (
        select 1 from core.plan_target as t
        where t.plan_code = v.plan_code and t.indicator_code = v.indicator_code and t.level in ('all', v.level)
    )
),

defined as not materialized (
    select distinct on (i.indicator_code) i.*
    from core.indicator as i
    order by i.indicator_code asc, i.formula_version desc
)

select
    c.plan_code,
    c.target_no,
    c.target_order,
    c.section,
    c.clause_vi,
    c.indicator_code,
    coalesce(i.name_vi, c.clause_vi) as name_vi,
    c.unit_code,
    case c.unit_code
        when 'all' then 'Toàn huyện'
        when 'level:district' then 'Cấp huyện'
        when 'level:commune' then 'Cấp xã'
        else u.name
    end as unit_name,
    c.level,
    c.period_kind,
    c.period_start,
    c.period_end,
    p.numerator as period_numerator,
    p.denominator as period_denominator,
    p.shown as period_value,
    y.numerator as year_numerator,
    y.denominator as year_denominator,
    y.shown as year_value,
    last_period.shown as last_period_value,
    year_before.shown as year_before_value,
    round(coalesce(y.target, c.planned_target) * 100, 2) as target_percent,
    coalesce(y.status, case when c.target_no is not null then 'no_data' end) as status,
    case coalesce(y.status, case when c.target_no is not null then 'no_data' end)
        when 'met' then 'Đạt'
        when 'missed' then 'Chưa đạt'
        when 'on_pace' then 'Đúng tiến độ'
        when 'behind' then 'Chậm tiến độ'
        when 'no_data' then 'Chưa có số liệu'
    end as status_vi,
    y.gap_count,
    round(p.coverage * 100, 2) as coverage_percent,
    coalesce(p.is_provisional, true) as is_provisional,
    i.kind as indicator_kind,
    c.lead_agency,
    y.computed_at,
    case
        when y.status <> 'no_data' or (y.status is null and c.target_no is null) then null
        when i.indicator_code is null then 'Chưa có cách tính cho chỉ tiêu này'
        when clock.known_at is null then 'Chưa nạp nguồn ' || coalesce(s.name_vi, i.source_code)
        when y.unit_code is null then 'Kỳ này chưa được tính từ nguồn ' || coalesce(s.name_vi, i.source_code)
        when y.value is not null then 'Chưa có số liệu cùng kỳ năm trước để so sánh'
        when y.numerator is null and i.source_code = 'declared'
            then (
                select
                    case
                        when count(*) = 0 then 'Phạm vi này không phải khai chỉ tiêu này'
                        when count(*) <= 3
                            then 'Chưa có số liệu tự khai tháng ' || to_char(cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date), 'MM/YYYY') || ' của '
                                || string_agg(du.name, ', ' order by du.unit_code)
                        else 'Chưa có số liệu tự khai tháng ' || to_char(cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date), 'MM/YYYY') || ' của ' || count(*) || ' đơn vị'
                    end
                from core.declaration as dn
                inner join core.unit as du on dn.unit_code = du.unit_code
                where
                    dn.indicator_code = c.indicator_code
                    and dn.is_required
                    and du.valid_from <= c.period_end - 1
                    and (du.valid_to is null or du.valid_to >= c.period_end - 1)
                    and c.unit_code in ('all', 'level:' || du.level, du.unit_code)
            )
        else 'Mẫu số bằng 0: ' || coalesce(i.denominator_vi, '')
    end || '; hỏi ' || coalesce(c.lead_agency, 'Văn phòng HĐND-UBND') as no_data_reason_vi,
    declared.numerator as declared_numerator,
    declared.denominator as declared_denominator,
    declared.shown as declared_value,
    -- a file is the state since 1 January: it is compared with the year to date
    case when i.source_code <> 'declared' then declared.shown - y.shown end as declared_difference,
    declared.is_proven as declared_is_proven,
    declared.unit_count as declared_unit_count,
    c.target_level
from cell as c
left join value as p
    on
        c.plan_code = p.plan_code and c.indicator_code = p.indicator_code and c.unit_code = p.unit_code
        and c.period_kind = p.period_kind and c.period_start = p.period_start and p.basis = 'period'
left join value as y
    on
        p.indicator_code = y.indicator_code and p.unit_code = y.unit_code and p.formula_version = y.formula_version
        and p.plan_code = y.plan_code and p.period_kind = y.period_kind and p.period_start = y.period_start
        and y.basis = 'year_to_date'
left join defined as newest on c.indicator_code = newest.indicator_code
left join core.indicator as i
    on c.indicator_code = i.indicator_code and i.formula_version = coalesce(p.formula_version, newest.formula_version)
left join core.source as s on i.source_code = s.source_code
left join ops.source_clock as clock on i.source_code = clock.source_code
left join declared_clock on true
left join core.unit as u on c.unit_code = u.unit_code
left join lateral (
    select
        cast(sum(f.numerator) as bigint) as numerator,
        cast(sum(f.denominator) as bigint) as denominator,
        case
            when i.kind = 'count' then sum(f.numerator)
            when i.kind = 'score' then round(sum(f.numerator) / nullif(sum(f.denominator), 0), 2)
            else round(sum(f.numerator) * 100 / nullif(sum(f.denominator), 0), 2)
        end as shown,
        bool_and(f.is_proven) as is_proven,
        nullif(count(*), 0) as unit_count
    from mart.declared_figure as f
    where
        f.indicator_code = c.indicator_code
        and f.month_start = cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date)
        and c.unit_code in ('all', 'level:' || f.level, f.unit_code)
) as declared on true
left join value as last_period
    on
        p.indicator_code = last_period.indicator_code and p.unit_code = last_period.unit_code
        and p.formula_version = last_period.formula_version and p.plan_code = last_period.plan_code
        and p.period_kind = last_period.period_kind
        and last_period.period_start = cast(
            p.period_start - make_interval(
                months => case p.period_kind
                    when 'month' then 1 when 'report_month' then 1 when 'quarter' then 3 when 'report_quarter' then 3 when 'half_year' then 6 else 12
                end
            ) as date
        )
        and last_period.basis = 'period'
left join value as year_before
    on
        p.indicator_code = year_before.indicator_code and p.unit_code = year_before.unit_code
        and p.formula_version = year_before.formula_version and p.plan_code = year_before.plan_code
        and p.period_kind = year_before.period_kind
        and year_before.period_start = cast(p.period_start - interval '1 year' as date)
        and year_before.basis = 'period';
comment on column mart.scorecard.last_period_value is 'The same of the period of the same kind before; of nine months, of the year before | Kỳ trước (9 tháng: 9 tháng năm trước)';
