-- grain: one row for each dossier that was missing and no longer is: it has arrived, or the source's list no longer names it
-- source: ops.missing_key, core.dossier_version, core.dossier_key
-- traps: core.dossier_key has the answers in force only where _ended_at is null

delete from ops.missing_key as m
where
    m.source_code = cast(:source as text)
    and (
        exists (select 1 from core.dossier_version as v where v.dossier_id = m.dossier_id)
        or not exists (
            select 1
            from core.dossier_key as k
            where
                k.dossier_id = m.dossier_id and k.month_start = m.month_start and k._ended_at is null and k.deleted_at is null
        )
    )
