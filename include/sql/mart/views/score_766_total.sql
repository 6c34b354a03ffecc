-- grain: one row for each scope and period: total of the parts of the Decision-766 score that have points
-- source: mart.score_766, core.unit_span, core.unit, core.scope_name
-- traps: a part without points is missing and never 0; communes alone are ranked, those that existed on any day of the period

create or replace view mart.score_766_total as
with total as (
    select
        s.period_kind,
        s.period_start,
        s.period_end,
        s.unit_code,
        s.level,
        s.formula_version,
        sum(s.points) as points,
        coalesce(sum(s.max_points) filter (where s.points is not null), 0) as max_points,
        sum(s.max_points) as full_points,
        string_agg(s.part_code, ', ' order by s.part_order) filter (where s.points is null) as missing_parts,
        max(s.publication) as publication
    from mart.score_766 as s
    group by s.period_kind, s.period_start, s.period_end, s.unit_code, s.level, s.formula_version
),

named as (
    select
        t.*,
        coalesce(u.name, sn.name_vi) as unit_name,
        coalesce(
            u.kind = 'commune' and w.valid_from < t.period_end and (w.valid_to is null or w.valid_to >= t.period_start), false
        ) and t.points is not null as is_ranked
    from total as t
    left join core.unit_span as u on t.unit_code = u.unit_code and u.from_date <= t.period_end - 1 and u.before_date > t.period_end - 1
    left join core.unit as w on t.unit_code = w.unit_code
    left join core.scope_name as sn on t.unit_code = sn.scope_code
)

select
    n.period_kind,
    n.period_start,
    n.period_end,
    n.unit_code,
    n.unit_name,
    n.level,
    n.formula_version,
    n.points,
    n.max_points,
    n.full_points,
    n.missing_parts,
    n.publication,
    case
        when n.is_ranked
            then rank() over (partition by n.period_kind, n.period_start, n.formula_version, n.is_ranked order by n.points desc)
    end as commune_rank
from named as n;
comment on view mart.score_766_total is 'One row a scope and period: total of the parts that have points, what could be had of them, what is missing, and the rank of a commune | Tổng điểm và xếp hạng cấp xã';
comment on column mart.score_766_total.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.score_766_total.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.score_766_total.period_end is 'Day after the last (exclusive) | Ngày sau kỳ';
comment on column mart.score_766_total.unit_code is 'Scope | Phạm vi';
comment on column mart.score_766_total.unit_name is 'Its name | Tên';
comment on column mart.score_766_total.level is 'Level | Cấp';
comment on column mart.score_766_total.formula_version is 'Version of the formula | Phiên bản công thức';
comment on column mart.score_766_total.points is 'Sum of the points; null where no part has any | Tổng điểm';
comment on column mart.score_766_total.max_points is 'Full points of the parts that have points | Điểm tối đa của các chỉ số có số liệu';
comment on column mart.score_766_total.full_points is 'Full points of all parts: 100 | Điểm tối đa';
comment on column mart.score_766_total.missing_parts is 'Parts without points | Chỉ số chưa có số liệu';
comment on column mart.score_766_total.publication is 'Publication that froze it | Lần công bố';
comment on column mart.score_766_total.commune_rank is 'Rank among the communes that existed on any day of the period, by points, equal ones share it; null for others | Hạng';
