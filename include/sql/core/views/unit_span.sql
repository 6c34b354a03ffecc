-- grain: one row for each state of a unit, with the days for which it is used
-- source: core.unit_version; core.unit where a unit has no state of its own
-- traps: before its first day a unit has its first state, after its last day its last state; valid_from and valid_to say whether it exists

create or replace view core.unit_span as
with state as (
    select
        v.unit_code,
        v.name,
        v.level,
        v.kind,
        v.parent_code,
        v.root_code,
        v.valid_from,
        v.valid_to
    from core.unit_version as v
    union all
    select
        u.unit_code,
        u.name,
        u.level,
        u.kind,
        u.parent_code,
        u.root_code,
        u.valid_from,
        u.valid_to
    from core.unit as u
    where not exists (select 1 from core.unit_version as v where v.unit_code = u.unit_code)
)

select
    s.unit_code,
    case
        when row_number() over (partition by s.unit_code order by s.valid_from) = 1 then cast('-infinity' as date)
        else s.valid_from
    end as from_date,
    coalesce(lead(s.valid_from) over (partition by s.unit_code order by s.valid_from), cast('infinity' as date)) as before_date,
    s.name,
    s.level,
    s.kind,
    s.parent_code,
    s.root_code,
    s.valid_from,
    s.valid_to
from state as s;
comment on view core.unit_span is 'One row a state of a unit, with the days D on which it is asked for: before its first day a unit is as it begins, after its last as it ended | Mỗi trạng thái của đơn vị và các ngày được dùng một dòng';
comment on column core.unit_span.unit_code is 'Electronic identifier | Mã định danh điện tử';
comment on column core.unit_span.from_date is 'First day on which it is asked for | Ngày đầu được dùng';
comment on column core.unit_span.before_date is 'Day after the last on which it is asked for | Ngày sau ngày cuối được dùng';
comment on column core.unit_span.name is 'Name | Tên';
comment on column core.unit_span.level is 'Level | Cấp';
comment on column core.unit_span.kind is 'Kind | Loại đơn vị';
comment on column core.unit_span.parent_code is 'Unit above | Đơn vị cấp trên';
comment on column core.unit_span.root_code is 'Top of its tree | Đơn vị gốc của cây';
comment on column core.unit_span.valid_from is 'First day of this state | Ngày đầu của trạng thái';
comment on column core.unit_span.valid_to is 'Last day of this state, inclusive; null = open | Ngày cuối của trạng thái; trống = chưa kết thúc';
