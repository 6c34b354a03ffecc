-- grain: one row for each answer of the survey: its newest version, where that passes the checks
-- source: core.survey_answer_version, core.duplicate_record
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.survey_answer as
select
    source_code,
    answer_code,
    surveyed_date,
    unit_code,
    dossier_code,
    score,
    file_date,
    file_revision,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.survey_answer_version
where
    _is_current
    and _failed_rules is null
    and not exists (
        select 1
        from core.duplicate_record as d
        where d.model = 'survey_answer' and d.source_code = survey_answer_version.source_code and d.key = survey_answer_version.answer_code
    );
comment on view core.survey_answer is 'One row is one answered form of the satisfaction survey: its newest version, where that passes the checks | Phiên bản mới nhất, đạt kiểm tra, của một phiếu khảo sát hài lòng';
comment on column core.survey_answer.source_code is 'Source, as its profile is named | Nguồn';
comment on column core.survey_answer.answer_code is 'MaPhieu | Mã phiếu';
comment on column core.survey_answer.surveyed_date is 'NgayKhaoSat | Ngày khảo sát';
comment on column core.survey_answer.unit_code is 'MaDonVi: unit that is judged | Đơn vị được đánh giá';
comment on column core.survey_answer.dossier_code is 'MaHoSo or missing | Mã hồ sơ';
comment on column core.survey_answer.score is 'MucDoHaiLong: 1 very dissatisfied to 5 very satisfied; missing = no answer | Mức độ hài lòng 1–5; trống = không trả lời';
comment on column core.survey_answer.file_date is 'Day in the file''s name | Ngày trong tên tệp';
comment on column core.survey_answer.file_revision is 'Revision in the file''s name, 1 = the first | Số lần sửa trong tên tệp, 1 = lần đầu';
comment on column core.survey_answer._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on column core.survey_answer._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.survey_answer._content_hash is 'Hash of the content | Mã băm nội dung';
comment on column core.survey_answer._load_id is 'Load that brought it | Lần nạp';
