-- grain: one row for each indicator, scope, period and basis: share of the expected units whose data came
-- source: mart.indicator_value
-- traps: a value without a coverage has no row. `coverage` is the name that older scripts rely on

create or replace view mart.source_coverage as
select
    v.indicator_code,
    v.unit_code,
    v.period_kind,
    v.period_start,
    v.basis,
    v.coverage,
    v.coverage as coverage_rate
from mart.indicator_value as v
where v.coverage is not null;
comment on view mart.source_coverage is 'One row an indicator, scope, period: share of the expected units whose data came | Độ phủ nguồn';
comment on column mart.source_coverage.indicator_code is 'Indicator | Chỉ tiêu';
comment on column mart.source_coverage.unit_code is 'Scope | Phạm vi';
comment on column mart.source_coverage.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.source_coverage.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.source_coverage.basis is 'period or year_to_date | Cách tính';
comment on column mart.source_coverage.coverage is 'Older name of coverage_rate | Tên cũ của coverage_rate';
comment on column mart.source_coverage.coverage_rate is 'Units that sent something / units expected, a fraction | Độ phủ, dạng phân số';
