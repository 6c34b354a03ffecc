-- grain: one row for each entry of quarantine about a dossier, its steps, its payments and what else names it
-- source: ops.quarantine
-- traps: `entities` and `step_entities` are the names that the profiles give to dossiers and steps. The record itself is not read: it may hold what people wrote

select
    q.source_code,
    q.entity,
    q.key,
    q.rule,
    q.action,
    q.reason,
    q.file,
    q.line,
    q.first_seen_at as known_at,
    q.resolved_at,
    q.load_id
from ops.quarantine as q
where
    q.source_code = cast(:source as text)
    and (
        (q.entity = any(cast(:entities as text[])) and q.key = cast(:code as text))
        or (
            q.entity = any(cast(:step_entities as text[]))
            and q.key in (
                select s.step_code
                from core.dossier_step_version as s
                where s.dossier_id = cast(:dossier_id as bigint)
            )
        )
    )
order by q.first_seen_at, q.quarantine_id
