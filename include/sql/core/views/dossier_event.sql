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
comment on view core.dossier_event is 'One row a visible step; of repeats of (dossier, minute, action, status) the earliest (docs/reference/indicators.md#37-open-paused-past-due)';
comment on column core.dossier_event.source_code is 'Source';
comment on column core.dossier_event.dossier_id is 'Dossier';
comment on column core.dossier_event.dossier_code is 'MaHoSo';
comment on column core.dossier_event.step_id is 'Step';
comment on column core.dossier_event.step_code is 'MaBuoc';
comment on column core.dossier_event.done_at is 'Event time';
comment on column core.dossier_event.status_code is 'Status after the step';
comment on column core.dossier_event.action_name is 'Action';
comment on column core.dossier_event.unit_code is 'Unit';
