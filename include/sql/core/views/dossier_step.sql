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
comment on view core.dossier_step is 'One row a step, visible and hidden, as its newest version has it | Mỗi bước xử lý một dòng, hiển thị hoặc ẩn, theo phiên bản mới nhất';
comment on column core.dossier_step.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.dossier_step.step_id is 'Deterministic number of (source, step code) | Số nội bộ của bước, suy ra từ nguồn và mã bước';
comment on column core.dossier_step.step_code is 'Code of the step (MaBuoc) | Mã bước';
comment on column core.dossier_step.dossier_id is 'Dossier | Hồ sơ';
comment on column core.dossier_step.dossier_code is 'Code of the dossier (MaHoSo) | Mã hồ sơ';
comment on column core.dossier_step.done_at is 'Moment of the step (ThoiDiemXuLy) | Thời điểm xử lý';
comment on column core.dossier_step.status_code is 'Status (TrangThai) after the step; may be missing | Trạng thái sau bước; có thể trống';
comment on column core.dossier_step.node_code is 'Node of the workflow (NodeQuyTrinh) | Nút quy trình';
comment on column core.dossier_step.post_name is 'Office of who acted (ChucDanh) | Chức danh người xử lý';
comment on column core.dossier_step.unit_code is 'Unit (MaDonVi) | Đơn vị';
comment on column core.dossier_step.action_name is 'Action (ThaoTac) | Thao tác';
comment on column core.dossier_step.started_at is 'Begin of the step (NgayBatDau) | Ngày bắt đầu';
comment on column core.dossier_step.step_due_at is 'By when the step had to end (NgayKetThucTheoQuyDinh) | Ngày kết thúc theo quy định';
comment on column core.dossier_step.deleted_at is 'When it was hidden (DeletedOn) | Thời điểm bị ẩn';
comment on column core.dossier_step._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản';
comment on column core.dossier_step._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.dossier_step._content_hash is 'Hash of the content; a version is stored once | Mã băm nội dung; mỗi phiên bản chỉ lưu một lần';
comment on column core.dossier_step._load_id is 'Load that brought it | Lần nạp đã nhận';
