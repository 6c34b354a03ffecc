-- grain: one row for each assessment that an applicant gave at the one-stop desk, in force
-- source: core.assessment, core.unit, mart.code_label, core.own_unit
-- traps: an assessment that was left empty has no rating and counts in no indicator. A login of a unit sees the rows of its unit alone
--        (docs/guides/roles.md)

create or replace view mart.assessment with (security_barrier) as
select
    s.source_code,
    s.assessment_code,
    s.dossier_code,
    s.unit_code,
    u.name as unit_name,
    u.level,
    s.assessed_at,
    cast(s.assessed_at at time zone (select a.zone from core.authority as a) as date) as assessed_date,
    s.rating_code,
    ra.name_vi as rating_vi
from core.assessment as s
left join core.unit as u on s.unit_code = u.unit_code
left join mart.code_label as ra on s.rating_code = ra.code and ra.code_list = 'rating'
where case when (select core.own_unit()) is null then true else s.unit_code = (select core.own_unit()) end;
comment on view mart.assessment is 'One row an assessment at the one-stop desk, without who gave it | Mỗi lượt đánh giá tại bộ phận một cửa một dòng, không có người đánh giá';
comment on column mart.assessment.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.assessment.assessment_code is 'MaDanhGia | Mã đánh giá';
comment on column mart.assessment.dossier_code is 'MaHoSo; null = none named | Mã hồ sơ';
comment on column mart.assessment.unit_code is 'Unit that is judged | Đơn vị được đánh giá';
comment on column mart.assessment.unit_name is 'Its name now | Tên đơn vị được đánh giá';
comment on column mart.assessment.level is 'Its level: district, commune | Cấp';
comment on column mart.assessment.assessed_at is 'ThoiGianDanhGia | Thời điểm đánh giá';
comment on column mart.assessment.assessed_date is 'Its local date | Ngày đánh giá';
comment on column mart.assessment.rating_code is 'DanhGia: rat_hai_long, hai_long, binh_thuong, khong_hai_long; null = left empty | Đánh giá';
comment on column mart.assessment.rating_vi is 'The same in words | Đánh giá, bằng lời';
