-- grain: one row for each dossier in the key list of a month, as long as the lists do not change it
-- source: listed_key (temporary: the newest answers)
-- traps: run after dossier_key_ended

insert into core.dossier_key (dossier_id, source_code, month_start, deleted_at, _first_seen_at, _ended_at)
select
    s.dossier_id,
    cast(:source as text) as source_code,
    s.month_start,
    s.deleted_at,
    cast(:known_at as timestamptz) as _first_seen_at,
    cast(null as timestamptz) as _ended_at
from listed_key as s
where not exists (
    select 1
    from core.dossier_key as k
    where k.dossier_id = s.dossier_id and k.month_start = s.month_start and k._ended_at is null
)
order by s.dossier_id, s.month_start
on conflict (dossier_id, month_start, _first_seen_at) do update set
    deleted_at = excluded.deleted_at,
    _ended_at = null
