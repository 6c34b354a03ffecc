-- grain: one row for each unit that was ever listed, as it is called now
-- source: core.unit, core.authority, mart.code_label
-- traps: `level:district`, `level:commune` and `all` of mart.indicator_value are scopes, no units. A unit that ended stays, with its last day

create or replace view mart.unit as
select
    u.unit_code,
    u.name as unit_name,
    u.level,
    le.name_vi as level_vi,
    u.kind,
    ki.name_vi as kind_vi,
    u.parent_code,
    p.name as parent_name,
    u.root_code,
    u.root_code = (select a.root_code from core.authority as a) as is_measured,
    u.gso_code,
    u.valid_from,
    u.valid_to
from core.unit as u
left join core.unit as p on u.parent_code = p.unit_code
left join mart.code_label as le on u.level = le.code and le.code_list = 'unit_level'
left join mart.code_label as ki on u.kind = ki.code and ki.code_list = 'unit_kind';
comment on view mart.unit is 'One row a unit: offices, public service units and communes | Mỗi đơn vị một dòng';
comment on column mart.unit.unit_code is 'Electronic identifier | Mã định danh điện tử';
comment on column mart.unit.unit_name is 'Name | Tên đơn vị';
comment on column mart.unit.level is 'district, commune | Cấp';
comment on column mart.unit.level_vi is 'The same in words | Cấp, bằng lời';
comment on column mart.unit.kind is 'district, office, public_service_unit, commune | Loại đơn vị';
comment on column mart.unit.kind_vi is 'The same in words | Loại đơn vị, bằng lời';
comment on column mart.unit.parent_code is 'Unit above; null = none | Đơn vị cấp trên';
comment on column mart.unit.parent_name is 'Its name | Tên đơn vị cấp trên';
comment on column mart.unit.root_code is 'Top of its tree | Đơn vị gốc của cây';
comment on column mart.unit.is_measured is 'Whether it belongs to the authority whose plan is measured | Thuộc cơ quan có kế hoạch';
comment on column mart.unit.gso_code is 'Code of the statistics office, for communes and the district | Mã của Tổng cục Thống kê';
comment on column mart.unit.valid_from is 'First day | Ngày bắt đầu';
comment on column mart.unit.valid_to is 'Last day, inclusive; null = open | Ngày kết thúc';
