-- grain: one row for each indicator, scope, period and basis: mart.indicator_value with names, and every number under the name of its unit
-- source: mart.indicator_value, mart.indicator, core.unit, mart.code_label
-- traps: a `_rate` is a fraction from 0 to 1, a `_percent` the same times 100, rounded to two places; counts and scores have a `value_count`
--        or `value_score` instead. mart.indicator_value.value holds any of them, as indicator_kind says

create or replace view mart.indicator_detail as
select
    v.plan_code,
    v.indicator_code,
    i.name_vi,
    i.name_en,
    i.indicator_kind,
    v.formula_version,
    v.unit_code,
    case when v.unit_code = 'all' or v.unit_code like 'level:%' then le.name_vi else u.name end as unit_name,
    v.level,
    le.name_vi as level_vi,
    v.period_kind,
    v.period_start,
    v.period_end,
    case v.period_kind
        when 'month' then to_char(v.period_start, 'YYYY-MM')
        when 'quarter' then to_char(v.period_start, 'YYYY"-Q"Q')
        when 'half_year' then to_char(v.period_start, 'YYYY"-H"') || case when extract(month from v.period_start) = 1 then '1' else '2' end
        when 'nine_months' then to_char(v.period_start, 'YYYY"-9M"')
        when 'year' then to_char(v.period_start, 'YYYY')
        when 'report_month' then to_char(v.period_end, 'YYYY-MM"R"')
        when 'report_quarter' then to_char(v.period_end, 'YYYY"-Q"Q"R"')
    end as period_code,
    v.basis,
    v.numerator,
    v.denominator,
    case when i.indicator_kind in ('flow', 'stock') then v.value end as value_rate,
    case when i.indicator_kind in ('flow', 'stock') then round(v.value * 100, 2) end as value_percent,
    case when i.indicator_kind = 'count' then v.value end as value_count,
    case when i.indicator_kind = 'score' then v.value end as value_score,
    v.target as target_rate,
    round(v.target * 100, 2) as target_percent,
    v.status,
    st.name_vi as status_vi,
    v.gap_count,
    v.coverage as coverage_rate,
    round(v.coverage * 100, 2) as coverage_percent,
    v.is_provisional,
    v.computed_at
from mart.indicator_value as v
left join mart.indicator as i on v.indicator_code = i.indicator_code
left join core.unit as u on v.unit_code = u.unit_code
left join mart.code_label as le on v.level = le.code and le.code_list = 'unit_level'
left join mart.code_label as st on v.status = st.code and st.code_list = 'value_status';
comment on view mart.indicator_detail is 'One row an indicator, scope, period and basis: mart.indicator_value with names, fractions as _rate, percents as _percent | Mỗi chỉ tiêu, phạm vi, kỳ và cách tính một dòng, có tên gọi';
comment on column mart.indicator_detail.plan_code is 'Plan that the period belongs to | Kế hoạch của kỳ';
comment on column mart.indicator_detail.indicator_code is 'Indicator | Mã chỉ tiêu';
comment on column mart.indicator_detail.name_vi is 'Its name | Tên chỉ tiêu';
comment on column mart.indicator_detail.name_en is 'Its name in English | Tên tiếng Anh';
comment on column mart.indicator_detail.indicator_kind is 'flow, stock, count, score | Loại chỉ tiêu';
comment on column mart.indicator_detail.formula_version is 'Version of its formula | Phiên bản công thức';
comment on column mart.indicator_detail.unit_code is 'A unit, level:district, level:commune, or all for the whole | Đơn vị, cấp, hoặc toàn bộ';
comment on column mart.indicator_detail.unit_name is 'Its name now | Tên đơn vị hoặc phạm vi';
comment on column mart.indicator_detail.level is 'Level of the scope: district, commune, all | Cấp';
comment on column mart.indicator_detail.level_vi is 'The same in words | Cấp, bằng lời';
comment on column mart.indicator_detail.period_kind is 'month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ';
comment on column mart.indicator_detail.period_start is 'First day of the period | Ngày đầu kỳ';
comment on column mart.indicator_detail.period_end is 'Day after its last day (exclusive) | Ngày sau kỳ';
comment on column mart.indicator_detail.period_code is 'The period as the commands write it: 2023-12, 2023-Q4, 2023-12R | Mã kỳ';
comment on column mart.indicator_detail.basis is 'period, or year_to_date | Trong kỳ, hoặc lũy kế từ đầu năm';
comment on column mart.indicator_detail.numerator is 'Numerator | Tử số';
comment on column mart.indicator_detail.denominator is 'Denominator; null for counts | Mẫu số';
comment on column mart.indicator_detail.value_rate is 'Of a rate: numerator / denominator, a fraction, unrounded | Giá trị, dạng phân số từ 0 đến 1';
comment on column mart.indicator_detail.value_percent is 'The same in percent, two places | Giá trị, phần trăm';
comment on column mart.indicator_detail.value_count is 'Of a count: the number | Giá trị, số lượng';
comment on column mart.indicator_detail.value_score is 'Of a score: the points | Giá trị, điểm';
comment on column mart.indicator_detail.target_rate is 'Target as a fraction, where one stands and its plan holds | Mục tiêu, dạng phân số';
comment on column mart.indicator_detail.target_percent is 'The same in percent | Mục tiêu, phần trăm';
comment on column mart.indicator_detail.status is 'met, missed, on_pace, behind, no_data; null where no target stands | Đánh giá (mã)';
comment on column mart.indicator_detail.status_vi is 'The same in words | Đánh giá';
comment on column mart.indicator_detail.gap_count is 'How many are missing to the target on this basis | Còn thiếu';
comment on column mart.indicator_detail.coverage_rate is 'Units that sent something / units expected, a fraction | Độ phủ nguồn, dạng phân số';
comment on column mart.indicator_detail.coverage_percent is 'The same in percent | Độ phủ nguồn, phần trăm';
comment on column mart.indicator_detail.is_provisional is 'Coverage below 1, or the period is not over at T | Số liệu tạm tính';
comment on column mart.indicator_detail.computed_at is 'When the row got these values | Thời điểm tính';
