-- grain: one row a dossier in the key list of one month whose answer no longer stands
-- source: staged_dossier_key (temporary view of the newest answer)
-- traps: an answer older than the one in force changes nothing

update core.dossier_key as k
set _ended_at = cast(:known_at as timestamptz)
where
    k.source_code = cast(:source as text)
    and k.month_start = cast(:month as date)
    and k._ended_at is null
    and not exists (
        select 1
        from core.dossier_key_month as m
        where m.source_code = k.source_code and m.month_start = k.month_start and m.asked_at > cast(:known_at as timestamptz)
    )
    and not exists (
        select 1
        from staged_dossier_key as s
        where
            s.dossier_id = k.dossier_id and s.month_start = k.month_start and s.deleted_at is not distinct from k.deleted_at
    )
