-- grain: one row a dossier in the key list of one month, as long as the answers say the same
-- source: staged_dossier_key (temporary view of the newest answer)
-- traps: run after dossier_key_ended; an answer older than the one in force changes nothing

insert into core.dossier_key (dossier_id, source_code, month_start, deleted_at, _first_seen_at, _ended_at)
select distinct on (s.dossier_id)
    s.dossier_id,
    cast(:source as text) as source_code,
    s.month_start,
    s.deleted_at,
    cast(:known_at as timestamptz) as _first_seen_at,
    cast(null as timestamptz) as _ended_at
from staged_dossier_key as s
where
    s.month_start = cast(:month as date)
    and not exists (
        select 1
        from core.dossier_key_month as m
        where
            m.source_code = cast(:source as text) and m.month_start = s.month_start
            and m.asked_at > cast(:known_at as timestamptz)
    )
    and not exists (
        select 1
        from core.dossier_key as k
        where k.dossier_id = s.dossier_id and k.month_start = s.month_start and k._ended_at is null
    )
order by s.dossier_id asc, s._load_id desc, s._line desc
on conflict (dossier_id, month_start, _first_seen_at) do update set
    deleted_at = excluded.deleted_at,
    _ended_at = null
