-- grain: one row for each dossier that the newest key lists name as existing but that is not stored
-- source: listed_key, asked_month (temporary: the newest answers), core.dossier_version
-- traps: run after the dossiers of the load are merged and after missing_key_arrived. A key that was missing before keeps the known_at
--        at which it was found missing

insert into ops.missing_key (source_code, month_start, dossier_id, dossier_code, first_seen_at)
select
    cast(:source as text) as source_code,
    s.month_start,
    s.dossier_id,
    s.dossier_code,
    cast(:known_at as timestamptz) as first_seen_at
from listed_key as s
where
    s.deleted_at is null
    and not exists (select 1 from core.dossier_version as v where v.dossier_id = s.dossier_id)
on conflict (source_code, month_start, dossier_id) do nothing
