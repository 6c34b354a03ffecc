-- grain: one row for each assessment: its newest version, where that passes the checks
-- source: core.assessment_version, core.duplicate_record
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.assessment as
select
    source_code,
    assessment_code,
    dossier_code,
    unit_code,
    assessed_at,
    rating_code,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.assessment_version
where
    _is_current
    and _failed_rules is null
    and not exists (
        select 1
        from core.duplicate_record as d
        where d.model = 'assessment' and d.source_code = assessment_version.source_code and d.key = assessment_version.assessment_code
    );
comment on view core.assessment is 'One row an assessment: its newest version, where that passes the checks | Mỗi lượt đánh giá một dòng: phiên bản mới nhất, nếu đạt kiểm tra';
comment on column core.assessment.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.assessment.assessment_code is 'Code of the assessment (MaDanhGia) | Mã đánh giá';
comment on column core.assessment.dossier_code is 'Code of the dossier (MaHoSo), or missing | Mã hồ sơ, nếu có';
comment on column core.assessment.unit_code is 'Unit (MaDonVi) | Đơn vị';
comment on column core.assessment.assessed_at is 'Moment of the assessment (ThoiGianDanhGia) | Thời điểm đánh giá';
comment on column core.assessment.rating_code is 'Rating (DanhGia); missing = left empty | Mức đánh giá; trống = không chọn';
comment on column core.assessment._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản';
comment on column core.assessment._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.assessment._content_hash is 'Hash of the content; a version is stored once | Mã băm nội dung; mỗi phiên bản chỉ lưu một lần';
comment on column core.assessment._load_id is 'Load that brought it | Lần nạp đã nhận';
