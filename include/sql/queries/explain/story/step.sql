-- grain: one row for each delivered version of each step of a dossier, in the order of the steps and then of their versions
-- source: core.dossier_step_version
-- traps: a hidden step is here, with the time at which it was deleted; a step without a time stands at the end

select
    s.step_code,
    s._changed_at as changed_at,
    s._first_seen_at as known_at,
    s._load_id as load_id,
    s._failed_rules as failed_rules,
    s._is_current as is_current,
    jsonb_build_object(
        'done_at', s.done_at,
        'status_code', s.status_code,
        'action_name', s.action_name,
        'post_name', s.post_name,
        'unit_code', s.unit_code,
        'started_at', s.started_at,
        'step_due_at', s.step_due_at,
        'deleted_at', s.deleted_at
    ) as facts
from core.dossier_step_version as s
where s.dossier_id = cast(:dossier_id as bigint)
order by
    max(s.done_at) over (partition by s.step_id) asc nulls last, s.step_code collate "C" asc, s._changed_at asc, s._first_seen_at asc
