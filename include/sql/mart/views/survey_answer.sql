-- grain: one row for each sheet of the survey in force
-- source: core.survey_answer, core.unit, mart.code_label, core.own_unit
-- traps: a sheet without an answer has no score and counts in no indicator. A login of a unit sees the rows of its unit alone
--        (docs/guides/roles.md)

create or replace view mart.survey_answer with (security_barrier) as
select
    s.source_code,
    s.answer_code,
    s.surveyed_date,
    s.unit_code,
    u.name as unit_name,
    u.level,
    s.dossier_code,
    s.score,
    sc.name_vi as score_vi
from core.survey_answer as s
left join core.unit as u on s.unit_code = u.unit_code
left join mart.code_label as sc on cast(s.score as text) = sc.code and sc.code_list = 'survey_score'
where case when (select core.own_unit()) is null then true else s.unit_code = (select core.own_unit()) end;
comment on view mart.survey_answer is 'One row a sheet of the survey of satisfaction, without who answered | Mỗi phiếu khảo sát hài lòng một dòng, không có người trả lời';
comment on column mart.survey_answer.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.survey_answer.answer_code is 'MaPhieu | Mã phiếu';
comment on column mart.survey_answer.surveyed_date is 'NgayKhaoSat | Ngày khảo sát';
comment on column mart.survey_answer.unit_code is 'Unit that is judged | Đơn vị được đánh giá';
comment on column mart.survey_answer.unit_name is 'Its name now | Tên đơn vị được đánh giá';
comment on column mart.survey_answer.level is 'Its level: district, commune | Cấp';
comment on column mart.survey_answer.dossier_code is 'MaHoSo; null = none named | Mã hồ sơ';
comment on column mart.survey_answer.score is 'MucDoHaiLong: 1 very dissatisfied to 5 very satisfied; null = no answer | Mức độ hài lòng 1–5';
comment on column mart.survey_answer.score_vi is 'The same in words | Mức độ hài lòng, bằng lời';
