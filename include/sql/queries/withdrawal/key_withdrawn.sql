-- grain: one row for each dossier and month of reception whose entries in the lists of keys change with a withdrawn list
-- source: withdrawn_list (temporary), core.dossier_key

create temp table withdrawn_dossier_key on commit drop as
select distinct
    k.dossier_id,
    k.month_start
from core.dossier_key as k
inner join withdrawn_list as w on k.source_code = w.source_code and k.month_start = w.month_start
where w.asked_at in (k._first_seen_at, k._ended_at)
