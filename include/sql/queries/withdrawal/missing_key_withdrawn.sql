-- grain: one row for each dossier that the lists of keys name as existing and whose versions were all withdrawn
-- source: core.dossier_key, core.dossier_version, ops.withdrawn_row
-- traps: its code is that of the withdrawn versions, because a list keeps none

insert into ops.missing_key (source_code, month_start, dossier_id, dossier_code, first_seen_at)
select distinct on (k.month_start, k.dossier_id)
    k.source_code,
    k.month_start,
    k.dossier_id,
    r.record ->> 'dossier_code' as dossier_code,
    k._first_seen_at
from core.dossier_key as k
inner join ops.withdrawn_row as r
    on
        r.withdrawal_id = cast(:withdrawal_id as bigint) and r.table_name = 'core.dossier_version'
        and k.dossier_id = cast(r.record ->> 'dossier_id' as bigint)
where
    k.source_code = cast(:source as text) and k._ended_at is null and k.deleted_at is null
    and not exists (select 1 from core.dossier_version as v where v.dossier_id = k.dossier_id)
order by k.month_start asc, k.dossier_id asc
on conflict (source_code, month_start, dossier_id) do nothing
