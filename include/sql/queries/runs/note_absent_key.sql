-- grain: one row of ops.load for the lists of keys of a run that lack many dossiers which the list of the month before named; it is noted there
-- source: changed_key (temporary: what the lists say otherwise), core.dossier_key (before it takes the lists), mart.dossier, ops.load
-- traps: a list is the only way to learn of a deletion, so one or two are usual; more than a tenth of a month are not. Those that were
--        deleted before, or are not stored, are not counted

update ops.load as l
set
    manifest = coalesce(l.manifest, cast('{}' as jsonb)) || jsonb_build_object(
        'absent_keys', jsonb_build_object('gone', g.gone, 'before', g.before, 'example', g.example)
    )
from (
    select
        sum(m.gone) as gone,
        sum(m.before) as before,
        min(m.example) as example
    from (
        select
            k.month_start,
            count(*) filter (where c.is_listed = false) as gone,
            count(*) as before,
            min(d.dossier_code) filter (where c.is_listed = false) as example
        from core.dossier_key as k
        inner join asked_month as a on k.source_code = a.source_code and k.month_start = a.month_start
        inner join mart.dossier as d on k.dossier_id = d.dossier_id and d.deleted_at is null
        left join changed_key as c on k.dossier_id = c.dossier_id and k.month_start = c.month_start
        where
            k.deleted_at is null
            and k._first_seen_at <= cast(:known_at as timestamptz)
            and (k._ended_at is null or k._ended_at > cast(:known_at as timestamptz))
        group by k.month_start
    ) as m
    where m.gone * 10 > m.before
) as g
where
    g.gone > 0
    and l.load_id = (
        select min(o.load_id)
        from ops.load as o
        where o.extract_id = :extract_id and o.entity like '%.keys' and o.status = 'validated'
    )
