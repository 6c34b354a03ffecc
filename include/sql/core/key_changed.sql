-- grain: one row for each dossier and month of reception of which the lists of one extract say something else than what stands at its T
-- source: listed_key, asked_month (temporary: the lists of the extract), core.dossier_key
-- traps: a dossier that is absent from the list of its month has is_listed false. A list that says what stands already changes nothing

create temp table changed_key on commit drop as
with standing as (
    select
        k.dossier_id,
        k.month_start,
        k.deleted_at
    from core.dossier_key as k
    inner join asked_month as a on k.source_code = a.source_code and k.month_start = a.month_start
    where
        k._first_seen_at <= cast(:known_at as timestamptz)
        and (k._ended_at is null or k._ended_at > cast(:known_at as timestamptz))
),

compared as (
    select
        coalesce(s.dossier_id, l.dossier_id) as dossier_id,
        coalesce(s.month_start, l.month_start) as month_start,
        s.dossier_id is not null as was_listed,
        s.deleted_at as deleted_before,
        l.dossier_id is not null as is_listed,
        l.deleted_at
    from standing as s
    full join listed_key as l on s.dossier_id = l.dossier_id and s.month_start = l.month_start
)

select
    c.dossier_id,
    c.month_start,
    a.source_code,
    a.next_at,
    c.is_listed,
    c.deleted_at
from compared as c
inner join asked_month as a on c.month_start = a.month_start
where c.was_listed <> c.is_listed or c.deleted_before is distinct from c.deleted_at
