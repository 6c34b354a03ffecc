-- grain: one row for each dossier of which a withdrawal changed rows: it is derived again
-- source: ops.withdrawn_key

insert into ops.dirty_dossier (dossier_id)
select distinct cast(w.key ->> 'dossier_id' as bigint)
from ops.withdrawn_key as w
where w.withdrawal_id = cast(:withdrawal_id as bigint) and jsonb_exists(w.key, 'dossier_id')
on conflict do nothing
