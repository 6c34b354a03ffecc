-- grain: one row for each missing dossier whose entry in the lists of keys begins at another T since an older list was loaded
-- source: changed_key (temporary), core.dossier_key, ops.missing_key
-- traps: a list that is loaded after a newer one may say that the dossier was listed before, or was not listed for a while

update ops.missing_key as m
set first_seen_at = k._first_seen_at
from core.dossier_key as k
inner join changed_key as c on k.dossier_id = c.dossier_id and k.month_start = c.month_start
where
    m.source_code = c.source_code
    and m.dossier_id = k.dossier_id and m.month_start = k.month_start
    and c.next_at is not null
    and k._ended_at is null and k.deleted_at is null
    and m.first_seen_at is distinct from k._first_seen_at
