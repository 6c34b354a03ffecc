-- grain: one row for each source and month of reception with dossiers that the source lists and that are not stored
-- source: ops.missing_key, core.dossier_key, core.dossier_key_month
-- traps: `is_new`: only the newest list of the month has them, so they may have been received while the extract ran

select
    m.source_code as source,
    m.month_start as month,
    count(*) as missing,
    min(m.first_seen_at) as since,
    min(m.first_seen_at) >= max(k.asked_at) as is_new,
    array_agg(m.dossier_code order by m.dossier_code) as codes,
    (
        select count(*)
        from core.dossier_key as l
        where l.source_code = m.source_code and l.month_start = m.month_start and l._ended_at is null and l.deleted_at is null
    ) as listed
from ops.missing_key as m
inner join core.dossier_key_month as k on m.source_code = k.source_code and m.month_start = k.month_start
group by m.source_code, m.month_start
order by m.source_code, m.month_start
