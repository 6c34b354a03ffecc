-- grain: one row for each state of a dossier in the lists of keys of its source: listed, marked as deleted, or gone from the list
-- source: core.dossier_key

select
    k.month_start,
    k.deleted_at,
    k._first_seen_at as known_at,
    k._ended_at as ended_at
from core.dossier_key as k
where k.dossier_id = cast(:dossier_id as bigint)
order by k._first_seen_at, k.month_start
