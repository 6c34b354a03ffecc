-- grain: one row for each dossier whose deletion may change with the lists of keys of one extract
-- source: changed_key (temporary), core.dossier_key, mart.dossier
-- traps: a stored dossier that is absent from the key list of its month of reception counts as deleted;
--        a dossier that the lists name as before, and whose facts agree, is not derived again

insert into ops.dirty_dossier (dossier_id)
select c.dossier_id
from changed_key as c
inner join core.dossier_version as v on c.dossier_id = v.dossier_id and v._is_current
union
select d.dossier_id
from mart.dossier as d
inner join core.dossier_key_month as m
    on d.source_code = m.source_code and m.month_start = cast(date_trunc('month', d.received_date) as date)
where
    d.source_code = cast(:source as text)
    and m.asked_at = cast(:known_at as timestamptz)
    and (d.deleted_at is null) <> exists (
        select 1
        from core.dossier_key as k
        where
            k.dossier_id = d.dossier_id and k.month_start = m.month_start and k._ended_at is null and k.deleted_at is null
    )
on conflict do nothing
