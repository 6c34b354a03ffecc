-- grain: one row for each indicator (or target without an indicator), scope and period, with both bases side by side, the period before
--        and the year before
-- source: mart.indicator_value, core.plan_target, core.plan, core.indicator, core.declaration, core.unit_span, core.unit_on_day,
--        mart.declared_figure, core.role_clock, core.authority, core.scope_name
-- traps: a target is shown at each scope of each computed period, with or without a value. It is judged by the year to date, and only
--        where its plan holds on the last day. The period before of nine months is the nine months of the year before, because no period
--        of nine months ends where they begin

create or replace view mart.scorecard as
with value as not materialized (
    select
        v.*,
        case i.kind when 'count' then v.value when 'score' then round(v.value, 2) else round(v.value * 100, 2) end as shown
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
    -- the version of the formula that is computed; for an indicator that is no longer computed, the stored one
    where
        i.ended_at is null
        or not exists (select 1 from core.indicator as n where n.indicator_code = i.indicator_code and n.ended_at is null)
),

-- the computed periods and scopes: every target is shown in each of them, with or without a value
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

-- T of a role is the earliest of its sources
role as not materialized (
    select
        r.role,
        min(r.known_at) as known_at,
        string_agg(coalesce(s.name_vi, r.source_code), ', ' order by r.source_code) as name_vi
    from core.role_clock as r
    inner join core.authority as a on r.root_code = a.root_code
    left join core.source as s on r.source_code = s.source_code
    group by r.role
),

-- the month whose declared files are compared: the month of the last day, which is never after known_at of the declared figures
declared_clock as not materialized (
    select cast((k.known_at - interval '1 microsecond') at time zone (select a.zone from core.authority as a) as date) as last_day
    from role as k
    where k.role = 'declared'
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
    inner join core.plan_target as t on s.plan_code = t.plan_code and t.level in ('all', s.level) and t.ended_at is null
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
        where t.plan_code = v.plan_code and t.indicator_code = v.indicator_code and t.level in ('all', v.level) and t.ended_at is null
    )
),

defined as not materialized (
    select distinct on (i.indicator_code) i.*
    from core.indicator as i
    order by i.indicator_code asc, i.ended_at is null desc, i.formula_version desc
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
    coalesce(sn.name_vi, u.name, c.unit_code) as unit_name,
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
    -- a unit that has taken the place of others is compared with all of them together
    case
        when merged.numerator is null then year_before.shown
        when i.kind = 'count' then coalesce(year_before.numerator, 0) + merged.numerator
        when i.kind = 'score'
            then round(
                (coalesce(year_before.numerator, 0) + merged.numerator)
                / nullif(coalesce(year_before.denominator, 0) + coalesce(merged.denominator, 0), 0), 2
            )
        else round(
            (coalesce(year_before.numerator, 0) + merged.numerator) * 100
            / nullif(coalesce(year_before.denominator, 0) + coalesce(merged.denominator, 0), 0), 2
        )
    end as year_before_value,
    case when holding.plan_code is not null then round(coalesce(y.target, c.planned_target) * 100, 2) end as target_percent,
    case when holding.plan_code is not null then coalesce(y.status, case when c.target_no is not null then 'no_data' end) end as status,
    case case when holding.plan_code is not null then coalesce(y.status, case when c.target_no is not null then 'no_data' end) end
        when 'met' then 'Đạt'
        when 'missed' then 'Chưa đạt'
        when 'on_pace' then 'Đúng tiến độ'
        when 'behind' then 'Chậm tiến độ'
        when 'no_data' then 'Chưa có số liệu'
    end as status_vi,
    case when holding.plan_code is not null then y.gap_count end as gap_count,
    round(p.coverage * 100, 2) as coverage_percent,
    coalesce(p.is_provisional, true) as is_provisional,
    i.kind as indicator_kind,
    c.lead_agency,
    y.computed_at,
    case
        when y.status <> 'no_data' or (y.status is null and c.target_no is null) then null
        -- without a plan nothing is judged, so only a missing value needs a reason
        when holding.plan_code is null and y.value is not null then null
        when i.indicator_code is null then 'Chưa có cách tính cho chỉ tiêu này'
        when clock.known_at is null then 'Chưa nạp nguồn ' || coalesce(clock.name_vi, i.role)
        when y.unit_code is null then 'Kỳ này chưa được tính từ nguồn ' || coalesce(clock.name_vi, i.role)
        when y.no_target_reason is not null and y.value is not null then 'Kỳ này chưa được đánh giá theo kế hoạch mới, cần tính lại'
        when
            y.value is not null
            and exists (
                select 1
                from mart.indicator_value as o
                where
                    o.indicator_code = y.indicator_code
                    and o.unit_code = y.unit_code
                    and o.period_kind = y.period_kind
                    and o.period_start = cast(y.period_start - interval '1 year' as date)
                    and o.basis = y.basis
            )
            -- none by the same formula
            and year_before.unit_code is null
            then 'Cùng kỳ năm trước được tính theo công thức khác nên không so sánh'
        when y.value is not null then 'Chưa có số liệu cùng kỳ năm trước để so sánh'
        when y.numerator is null and i.role = 'declared'
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
                inner join core.unit_span as du on dn.unit_code = du.unit_code and du.valid_from <= c.period_end - 1
                where
                    dn.plan_code = c.plan_code
                    and dn.indicator_code = c.indicator_code
                    and dn.is_required
                    and (dn.kinds is null or du.kind = any(dn.kinds))
                    and (dn.levels is null or du.level = any(dn.levels))
                    and (du.valid_to is null or du.valid_to >= c.period_end - 1)
                    and c.unit_code in ('all', 'level:' || du.level, du.unit_code)
            )
        else 'Mẫu số bằng 0: ' || coalesce(i.denominator_vi, '')
    end || '; hỏi ' || coalesce(c.lead_agency, 'Văn phòng HĐND-UBND') as no_data_reason_vi,
    declared.numerator as declared_numerator,
    declared.denominator as declared_denominator,
    declared.shown as declared_value,
    -- a file is the state since 1 January: it is compared with the year to date
    case when i.role <> 'declared' then declared.shown - y.shown end as declared_difference,
    declared.is_proven as declared_is_proven,
    declared.unit_count as declared_unit_count,
    c.target_level,
    case when holding.plan_code is null then 'no plan holds' end as no_target_reason,
    case when holding.plan_code is null then 'Không có kế hoạch nào áp dụng cho kỳ này: chỉ đo, không đánh giá' end as no_target_reason_vi,
    case when holding.plan_code is not null then y.compared_numerator end as compared_numerator,
    case when holding.plan_code is not null then y.compared_denominator end as compared_denominator,
    -- the numbers of a rate again, under names that say what they are
    case when i.kind in ('flow', 'stock') then p.shown end as period_percent,
    case when i.kind in ('flow', 'stock') then y.shown end as year_percent,
    case when i.kind in ('flow', 'stock') then last_period.shown end as last_period_percent,
    case when i.kind in ('flow', 'stock') then declared.shown end as declared_percent
from cell as c
-- the plan that gives the period its place holds in it only where its years hold the last day
left join core.plan as holding
    on c.plan_code = holding.plan_code and c.period_end - 1 between holding.valid_from and holding.valid_to
left join value as p
    on
        c.indicator_code = p.indicator_code and c.unit_code = p.unit_code
        and c.period_kind = p.period_kind and c.period_start = p.period_start and p.basis = 'period'
left join value as y
    on
        p.indicator_code = y.indicator_code and p.unit_code = y.unit_code and p.formula_version = y.formula_version
        and p.period_kind = y.period_kind and p.period_start = y.period_start
        and y.basis = 'year_to_date'
left join defined as newest on c.indicator_code = newest.indicator_code
left join core.indicator as i
    on c.indicator_code = i.indicator_code and i.formula_version = coalesce(p.formula_version, newest.formula_version)
left join role as clock on i.role = clock.role
left join declared_clock on true
left join core.scope_name as sn on c.unit_code = sn.scope_code
left join core.unit_span as u
    on
        c.unit_code = u.unit_code
        and u.from_date <= least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone (select a.zone from core.authority as a) as date)
        )
        and u.before_date > least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone (select a.zone from core.authority as a) as date)
        )
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
    -- the unit for which the figure counts on the last day: the unit that declares, or its successor, or only its level
    inner join core.unit_on_day as fo on f.unit_code = fo.unit_code and fo.from_date <= least(c.period_end - 1, declared_clock.last_day) and fo.to_date >= least(c.period_end - 1, declared_clock.last_day)
    inner join core.unit_span as fu
        on
            coalesce(fo.counted_code, fo.unit_code) = fu.unit_code
            and fu.from_date <= least(c.period_end - 1, declared_clock.last_day)
            and fu.before_date > least(c.period_end - 1, declared_clock.last_day)
    where
        f.indicator_code = c.indicator_code
        and f.month_start = cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date)
        and c.unit_code in ('all', 'level:' || fu.level, fo.counted_code)
) as declared on true
left join value as last_period
    on
        p.indicator_code = last_period.indicator_code and p.unit_code = last_period.unit_code
        and p.formula_version = last_period.formula_version
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
        and p.formula_version = year_before.formula_version
        and p.period_kind = year_before.period_kind
        and year_before.period_start = cast(p.period_start - interval '1 year' as date)
        and year_before.basis = 'period'
left join lateral (
    select
        sum(b.numerator) as numerator,
        sum(b.denominator) as denominator
    from core.unit_on_day as o
    inner join value as b on o.unit_code = b.unit_code
    where
        o.counted_code = p.unit_code
        and o.unit_code <> p.unit_code
        and o.from_date <= least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone (select a.zone from core.authority as a) as date)
        )
        and o.to_date >= least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone (select a.zone from core.authority as a) as date)
        )
        and b.indicator_code = p.indicator_code
        and b.formula_version = p.formula_version
        and b.period_kind = p.period_kind
        and b.period_start = cast(p.period_start - interval '1 year' as date)
        and b.basis = 'period'
) as merged on true;
comment on view mart.scorecard is 'One row a target (or an indicator without one), scope and period, for people: both bases side by side, the period before, the year before; targets without a value too | Bảng điểm chỉ tiêu';
comment on column mart.scorecard.plan_code is 'Plan that the period belongs to; where none holds, the one in whose order its indicators stand | Kế hoạch của kỳ';
comment on column mart.scorecard.target_no is 'Number of the target | Số chỉ tiêu';
comment on column mart.scorecard.target_order is 'Its position in the plan | Thứ tự trong kế hoạch';
comment on column mart.scorecard.section is 'Section of the plan | Mục';
comment on column mart.scorecard.clause_vi is 'Words of the plan | Nội dung trong kế hoạch';
comment on column mart.scorecard.indicator_code is 'Indicator | Mã chỉ tiêu';
comment on column mart.scorecard.name_vi is 'Its name | Tên chỉ tiêu';
comment on column mart.scorecard.unit_code is 'Scope | Phạm vi';
comment on column mart.scorecard.unit_name is 'Its name on the last day of the period, as far as T reaches | Tên đơn vị';
comment on column mart.scorecard.level is 'Level | Cấp';
comment on column mart.scorecard.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.scorecard.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.scorecard.period_end is 'Day after the last (exclusive) | Ngày sau kỳ';
comment on column mart.scorecard.period_numerator is 'Numerator in the period | Tử số trong kỳ';
comment on column mart.scorecard.period_denominator is 'Denominator in the period | Mẫu số trong kỳ';
comment on column mart.scorecard.period_value is 'Percent (counts: number) in the period | Tỷ lệ % trong kỳ';
comment on column mart.scorecard.year_numerator is 'Numerator, year to date | Tử số lũy kế';
comment on column mart.scorecard.year_denominator is 'Denominator, year to date | Mẫu số lũy kế';
comment on column mart.scorecard.year_value is 'Percent (counts: number), year to date | Tỷ lệ % lũy kế';
comment on column mart.scorecard.last_period_value is 'The same of the period of the same kind before; of nine months, of the year before | Kỳ trước (9 tháng: 9 tháng năm trước)';
comment on column mart.scorecard.year_before_value is 'The same of the period a year before; of a unit that has taken the place of others, of all of them together | Cùng kỳ năm trước';
comment on column mart.scorecard.target_percent is 'Target in percent; null where no plan holds | Mục tiêu %';
comment on column mart.scorecard.status is 'met, missed, on_pace, behind, no_data; null where no target stands or no plan holds | Đánh giá (mã)';
comment on column mart.scorecard.status_vi is 'The same in Vietnamese | Đánh giá';
comment on column mart.scorecard.gap_count is 'How many are missing to the target, year to date | Còn thiếu';
comment on column mart.scorecard.coverage_percent is 'Coverage of the source in the period | Độ phủ nguồn %';
comment on column mart.scorecard.is_provisional is 'Provisional | Tạm tính';
comment on column mart.scorecard.indicator_kind is 'flow, stock, count, score (points) | Loại chỉ tiêu';
comment on column mart.scorecard.lead_agency is 'Office that answers for it | Cơ quan chủ trì';
comment on column mart.scorecard.computed_at is 'When computed | Thời điểm tính';
comment on column mart.scorecard.no_data_reason_vi is 'Why there is no value, and whom to ask | Lý do chưa có số liệu và nơi cần hỏi';
comment on column mart.scorecard.declared_numerator is 'TuSo as the units declared it (state since 1 January, month of the last day) | Tử số tự khai';
comment on column mart.scorecard.declared_denominator is 'MauSo as declared | Mẫu số tự khai';
comment on column mart.scorecard.declared_value is 'Percent (counts, scores: number) as declared | Tỷ lệ % tự khai';
comment on column mart.scorecard.declared_difference is 'Declared less computed, year to date, in percentage points; null for indicators that are only declared | Chênh lệch tự khai so với tính toán';
comment on column mart.scorecard.declared_is_proven is 'Whether every declared figure behind it has its document in the document system | Có đủ văn bản chứng minh';
comment on column mart.scorecard.declared_unit_count is 'Units that declared it: the declared figure speaks of them alone | Số đơn vị đã khai';
comment on column mart.scorecard.target_level is 'Where the target stands: all, district, commune | Cấp áp dụng mục tiêu';
comment on column mart.scorecard.no_target_reason is 'no plan holds: the last day of the period lies in the years of no plan; it is measured, not judged | Vì sao không đánh giá';
comment on column mart.scorecard.no_target_reason_vi is 'The same in words | Vì sao không đánh giá, bằng lời';
comment on column mart.scorecard.compared_numerator is 'Of a direction: numerator of the year to date of the same period a year before, by which it is judged | Tử số lũy kế cùng kỳ năm trước, dùng để đánh giá';
comment on column mart.scorecard.compared_denominator is 'The denominator that goes with it; null of a count | Mẫu số lũy kế cùng kỳ năm trước';
comment on column mart.scorecard.period_percent is 'Of a rate: percent in the period, as period_value has it; null of counts and scores | Tỷ lệ % trong kỳ';
comment on column mart.scorecard.year_percent is 'Of a rate: percent, year to date, as year_value has it | Tỷ lệ % lũy kế';
comment on column mart.scorecard.last_period_percent is 'Of a rate: percent of the period before, as last_period_value has it | Tỷ lệ % kỳ trước';
comment on column mart.scorecard.declared_percent is 'Of a rate: percent as declared, as declared_value has it | Tỷ lệ % tự khai';
