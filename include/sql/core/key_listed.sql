-- grain: one row for each dossier and month of the lists of keys of one extract
-- source: staged_dossier_key (temporary: the staged keys), asked_month (temporary: the months of those lists)

create temp table listed_key on commit drop as
select distinct on (k.dossier_id, k.month_start)
    k.dossier_id,
    k.dossier_code,
    k.month_start,
    k.deleted_at
from staged_dossier_key as k
inner join asked_month as m on k.month_start = m.month_start
where k.dossier_id is not null
order by k.dossier_id asc, k.month_start asc, k._load_id desc, k._line desc
