-- grain: one row for each indicator, scope, basis and published period: the value of its newest edition
-- source: mart.publication, mart.publication_value, mart.restatement, core.plan, core.indicator
-- traps: if a period was published under two plans, the edition under the plan that holds in it; is_restated: an open restatement
--        exists

create or replace view mart.published_value as
with latest as (
    select
        p.*,
        row_number() over (
            partition by p.period_kind, p.period_start order by h.plan_code is not null desc, p.edition desc, p.publication_id desc
        ) as position
    from mart.publication as p
    -- if a period was published under two plans, the edition of the plan that holds in it counts
    left join core.plan as h on p.plan_code = h.plan_code and p.period_end - 1 between h.valid_from and h.valid_to
)

select
    p.publication_id,
    p.plan_code,
    p.period_kind,
    p.period_start,
    p.period_end,
    p.edition,
    p.published_at,
    p.approved_by,
    v.indicator_code,
    v.formula_version,
    v.unit_code,
    v.level,
    v.basis,
    v.numerator,
    v.denominator,
    v.value,
    v.target,
    v.status,
    v.gap_count,
    v.coverage,
    v.is_provisional,
    r.restatement_id is not null as is_restated,
    v.no_target_reason,
    v.compared_numerator,
    v.compared_denominator,
    case when i.kind in ('flow', 'stock') then v.value end as value_rate,
    v.target as target_rate,
    v.coverage as coverage_rate
from latest as p
inner join mart.publication_value as v on p.publication_id = v.publication_id
left join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
left join mart.restatement as r
    on
        v.publication_id = r.publication_id and v.unit_code = r.unit_code and v.indicator_code = r.indicator_code
        and v.basis = r.basis and r.state = 'open'
where p.position = 1;
comment on view mart.published_value is 'One row a value in force of a published period: never changes but by another edition. | Số liệu công bố đang có hiệu lực.';
comment on column mart.published_value.publication_id is 'Publication | Lần công bố';
comment on column mart.published_value.plan_code is 'Plan that the period belonged to when it was published | Kế hoạch của kỳ khi công bố';
comment on column mart.published_value.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.published_value.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.published_value.period_end is 'Day after the last (exclusive) | Ngày sau kỳ';
comment on column mart.published_value.edition is 'Edition in force | Lần công bố';
comment on column mart.published_value.published_at is 'When frozen | Thời điểm công bố';
comment on column mart.published_value.approved_by is 'Who approved | Người phê duyệt';
comment on column mart.published_value.indicator_code is 'Indicator | Chỉ tiêu';
comment on column mart.published_value.formula_version is 'Version of its formula | Phiên bản công thức';
comment on column mart.published_value.unit_code is 'Scope | Phạm vi';
comment on column mart.published_value.level is 'Level of the scope | Cấp';
comment on column mart.published_value.basis is 'period, or year_to_date | Trong kỳ, hoặc lũy kế';
comment on column mart.published_value.numerator is 'Numerator | Tử số';
comment on column mart.published_value.denominator is 'Denominator | Mẫu số';
comment on column mart.published_value.value is 'Unrounded fraction; of counts the number, of scores the points | Giá trị';
comment on column mart.published_value.target is 'Target | Mục tiêu';
comment on column mart.published_value.status is 'Status | Đánh giá';
comment on column mart.published_value.gap_count is 'How many were missing to the target | Còn thiếu';
comment on column mart.published_value.coverage is 'Coverage | Độ phủ';
comment on column mart.published_value.is_provisional is 'Whether it was provisional | Tạm tính';
comment on column mart.published_value.is_restated is 'Whether an open restatement says otherwise by now | Có thay đổi sau công bố';
comment on column mart.published_value.no_target_reason is 'no plan holds: measured, not judged | Vì sao không đánh giá';
comment on column mart.published_value.compared_numerator is 'Of a direction: what its status compared with when it was published, numerator | Tử số lũy kế cùng kỳ năm trước khi công bố';
comment on column mart.published_value.compared_denominator is 'The denominator that goes with it | Mẫu số lũy kế cùng kỳ năm trước khi công bố';
comment on column mart.published_value.value_rate is 'Of a rate: the value, an unrounded fraction; null of counts and scores | Giá trị, dạng phân số';
comment on column mart.published_value.target_rate is 'Target as a fraction | Mục tiêu, dạng phân số';
comment on column mart.published_value.coverage_rate is 'Coverage as a fraction | Độ phủ, dạng phân số';
