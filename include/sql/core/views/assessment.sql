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
comment on view core.assessment is 'One row an assessment: its newest version, where that passes the checks';
comment on column core.assessment.source_code is 'Source, as its profile is named';
comment on column core.assessment.assessment_code is 'MaDanhGia';
comment on column core.assessment.dossier_code is 'MaHoSo or missing';
comment on column core.assessment.unit_code is 'MaDonVi';
comment on column core.assessment.assessed_at is 'ThoiGianDanhGia';
comment on column core.assessment.rating_code is 'DanhGia; missing = left empty';
comment on column core.assessment._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.assessment._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.assessment._content_hash is 'Hash of the content; a version is stored once';
comment on column core.assessment._load_id is 'Load that brought it';
