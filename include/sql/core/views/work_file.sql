-- grain: one row for each work file: its newest version, where that passes the checks
-- source: core.work_file_version, core.duplicate_record
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.work_file as
select
    source_code,
    work_file_code,
    unit_code,
    level_code,
    opened_at,
    closed_at,
    handling_code,
    secrecy_code,
    is_special,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.work_file_version
where
    _is_current
    and _failed_rules is null
    and not exists (
        select 1
        from core.duplicate_record as d
        where d.model = 'work_file' and d.source_code = work_file_version.source_code and d.key = work_file_version.work_file_code
    );
comment on view core.work_file is 'One row a work file: its newest version, where that passes the checks';
comment on column core.work_file.source_code is 'Source, as its profile is named';
comment on column core.work_file.work_file_code is 'IdHoSoCongViec';
comment on column core.work_file.unit_code is 'MaDonVi';
comment on column core.work_file.level_code is 'CapDonVi: huyen, xa';
comment on column core.work_file.opened_at is 'NgayMo';
comment on column core.work_file.closed_at is 'NgayDong';
comment on column core.work_file.handling_code is 'HinhThucXuLy: dien_tu, giay, ket_hop';
comment on column core.work_file.secrecy_code is 'DoMat: always thuong here';
comment on column core.work_file.is_special is 'DacThu';
comment on column core.work_file._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.work_file._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.work_file._content_hash is 'Hash of the content; a version is stored once';
comment on column core.work_file._load_id is 'Load that brought it';
