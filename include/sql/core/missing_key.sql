-- grain: one row for each dossier that the newest key lists name as existing but that is not stored
-- source: listed_key, asked_month (temporary: the lists of the extract), core.dossier_key, core.dossier_version
-- traps: run after the dossiers of the load are merged and after missing_key_arrived. An older list may be loaded after a newer one, so only
--        what is in force counts. A dossier is missing from the T on at which its entry in the lists begins (missing_key_since)

insert into ops.missing_key (source_code, month_start, dossier_id, dossier_code, first_seen_at)
select
    cast(:source as text) as source_code,
    s.month_start,
    s.dossier_id,
    s.dossier_code,
    k._first_seen_at as first_seen_at
from listed_key as s
inner join core.dossier_key as k on s.dossier_id = k.dossier_id and s.month_start = k.month_start
where
    k._ended_at is null
    and k.deleted_at is null
    and not exists (select 1 from core.dossier_version as v where v.dossier_id = s.dossier_id)
on conflict (source_code, month_start, dossier_id) do nothing
