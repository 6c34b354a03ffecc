-- grain: one row for each dossier in the key list of a month, whose entry ended
-- source: listed_key, asked_month (temporary: the newest answers)
-- traps: a month with a newer list than this extract is not in asked_month, so an older list changes nothing

update core.dossier_key as k
set _ended_at = cast(:known_at as timestamptz)
where
    k.source_code = cast(:source as text)
    and k.month_start in (select a.month_start from asked_month as a)
    and k._ended_at is null
    and not exists (
        select 1
        from listed_key as s
        where
            s.dossier_id = k.dossier_id and s.month_start = k.month_start and s.deleted_at is not distinct from k.deleted_at
    )
