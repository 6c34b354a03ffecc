-- grain: one row for each work file in force
-- source: core.work_file, core.unit, mart.code_label, core.own_unit
-- traps: secret work files never come here. A login of a unit sees the rows of its unit alone
--        (docs/guides/roles.md)

create or replace view mart.work_file with (security_barrier) as
select
    w.source_code,
    w.work_file_code,
    w.unit_code,
    u.name as unit_name,
    u.level,
    w.opened_at,
    w.closed_at,
    cast(w.closed_at at time zone (select a.zone from core.authority as a) as date) as closed_date,
    w.handling_code,
    ha.name_vi as handling_vi,
    w.is_special
from core.work_file as w
left join core.unit as u on w.unit_code = u.unit_code
left join mart.code_label as ha on w.handling_code = ha.code and ha.code_list = 'work_file_handling'
where case when (select core.own_unit()) is null then true else w.unit_code = (select core.own_unit()) end;
comment on view mart.work_file is 'One row a work file: the papers of one piece of work of an office | Mỗi hồ sơ công việc một dòng';
comment on column mart.work_file.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.work_file.work_file_code is 'IdHoSoCongViec | Mã hồ sơ công việc';
comment on column mart.work_file.unit_code is 'Unit | Đơn vị';
comment on column mart.work_file.unit_name is 'Its name now | Tên đơn vị';
comment on column mart.work_file.level is 'Its level: district, commune | Cấp';
comment on column mart.work_file.opened_at is 'NgayMo | Thời điểm mở';
comment on column mart.work_file.closed_at is 'NgayDong; null = open | Thời điểm đóng';
comment on column mart.work_file.closed_date is 'Its local date | Ngày đóng';
comment on column mart.work_file.handling_code is 'HinhThucXuLy: dien_tu, giay, ket_hop | Hình thức xử lý';
comment on column mart.work_file.handling_vi is 'The same in words | Hình thức xử lý, bằng lời';
comment on column mart.work_file.is_special is 'DacThu: exempt from electronic handling | Đặc thù';
