-- grain: one row for each dossier with a changed step: the moment from which on a pause by status may differ
-- source: changed_dossier_step_key (temporary: steps whose versions changed), core.dossier_step_version
-- traps: only dossiers that have, or had, a step of status 6 or 8: other steps only matter through the end of the dossier

insert into changed_step (dossier_id, changed_at)
select
    v.dossier_id,
    min(v.done_at) as changed_at
from core.dossier_step_version as v
inner join changed_dossier_step_key as c on v.step_id = c.step_id
where exists (
    select 1
    from core.dossier_step_version as p
    where p.dossier_id = v.dossier_id and p.status_code in (6, 8)
)
group by v.dossier_id
