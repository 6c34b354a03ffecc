-- grain: one row for each event of a dossier: a step that is not hidden and has a time
-- source: core.dossier_step
-- traps: steps of one minute, action and status are one event, that of the first of them; equal times are ordered by the bytes of step_code

create or replace view core.dossier_event as
select distinct on (dossier_id, date_trunc('minute', done_at), action_name, status_code)
    source_code,
    dossier_id,
    dossier_code,
    step_id,
    step_code,
    done_at,
    status_code,
    action_name,
    unit_code
from core.dossier_step
where deleted_at is null and done_at is not null
order by
    dossier_id, date_trunc('minute', done_at), action_name, status_code,
    done_at, step_code collate "C";
comment on view core.dossier_event is 'One row a visible step; of repeats of (dossier, minute, action, status) the earliest (docs/reference/indicators.md#37-open-paused-past-due) | Mỗi bước xử lý hiển thị một dòng; bước lặp lại lấy bước sớm nhất';
comment on column core.dossier_event.source_code is 'Source | Nguồn dữ liệu';
comment on column core.dossier_event.dossier_id is 'Dossier | Hồ sơ';
comment on column core.dossier_event.dossier_code is 'Code of the dossier (MaHoSo) | Mã hồ sơ';
comment on column core.dossier_event.step_id is 'Step | Bước xử lý';
comment on column core.dossier_event.step_code is 'Code of the step (MaBuoc) | Mã bước';
comment on column core.dossier_event.done_at is 'Event time | Thời điểm xảy ra';
comment on column core.dossier_event.status_code is 'Status after the step | Trạng thái sau bước';
comment on column core.dossier_event.action_name is 'Action | Thao tác';
comment on column core.dossier_event.unit_code is 'Unit | Đơn vị';
