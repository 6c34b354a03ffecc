-- grain: one row for each step of a dossier: its newest version, where that passes the checks
-- source: core.dossier_step_version
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place; a hidden one is here, with deleted_at

create or replace view core.dossier_step as
select
    source_code,
    step_id,
    step_code,
    dossier_id,
    dossier_code,
    done_at,
    status_code,
    node_code,
    post_name,
    unit_code,
    action_name,
    started_at,
    step_due_at,
    deleted_at,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.dossier_step_version
where _is_current and _failed_rules is null;
comment on view core.dossier_step is 'One row a step, visible and hidden, as its newest version has it';
comment on column core.dossier_step.source_code is 'Source, as its profile is named';
comment on column core.dossier_step.step_id is 'Deterministic number of (source, step code)';
comment on column core.dossier_step.step_code is 'MaBuoc';
comment on column core.dossier_step.dossier_id is 'Dossier';
comment on column core.dossier_step.dossier_code is 'MaHoSo';
comment on column core.dossier_step.done_at is 'ThoiDiemXuLy';
comment on column core.dossier_step.status_code is 'TrangThai after the step; may be missing';
comment on column core.dossier_step.node_code is 'NodeQuyTrinh';
comment on column core.dossier_step.post_name is 'ChucDanh';
comment on column core.dossier_step.unit_code is 'MaDonVi';
comment on column core.dossier_step.action_name is 'ThaoTac';
comment on column core.dossier_step.started_at is 'NgayBatDau';
comment on column core.dossier_step.step_due_at is 'NgayKetThucTheoQuyDinh';
comment on column core.dossier_step.deleted_at is 'DeletedOn: the step is hidden';
comment on column core.dossier_step._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.dossier_step._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.dossier_step._content_hash is 'Hash of the content; a version is stored once';
comment on column core.dossier_step._load_id is 'Load that brought it';
