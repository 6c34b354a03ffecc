-- grain: one row for each dossier and month of reception, and stretch in which the lists of keys that still count said the same
-- source: withdrawn_list, withdrawn_dossier_key (temporary), core.dossier_key
-- traps: an entry says what every list in its stretch said, so without one list it begins or ends with the next one. An entry that no
--        other list said goes, and equal entries that meet become one

with entry as (
    delete from core.dossier_key as k
    using withdrawn_dossier_key as c
    where k.dossier_id = c.dossier_id and k.month_start = c.month_start
    returning k.*
),

-- several lists may be withdrawn at once: each entry begins and ends with the first list at or after it that still counts
moved as (
    select
        e.dossier_id,
        e.source_code,
        e.month_start,
        e.deleted_at,
        case when b.month_start is null then e._first_seen_at else b.next_at end as begun_at,
        case when f.month_start is null then e._ended_at else f.next_at end as ended_at
    from entry as e
    left join withdrawn_list as b on e.month_start = b.month_start and e._first_seen_at = b.asked_at
    left join withdrawn_list as f on e.month_start = f.month_start and e._ended_at = f.asked_at
),

standing as (
    select
        m.*,
        lag(m.ended_at) over w as ended_before,
        lag(m.deleted_at) over w as deleted_before,
        lag(m.dossier_id) over w as dossier_before
    from moved as m
    where m.begun_at is not null and (m.ended_at is null or m.ended_at > m.begun_at)
    window w as (partition by m.dossier_id, m.month_start order by m.begun_at)
),

numbered as (
    select
        s.*,
        count(*) filter (
            where s.dossier_before is null
            or s.ended_before is distinct from s.begun_at
            or s.deleted_before is distinct from s.deleted_at
        ) over (partition by s.dossier_id, s.month_start order by s.begun_at) as stretch
    from standing as s
)

insert into core.dossier_key (dossier_id, source_code, month_start, deleted_at, _first_seen_at, _ended_at)
select
    n.dossier_id,
    n.source_code,
    n.month_start,
    n.deleted_at,
    min(n.begun_at) as _first_seen_at,
    nullif(max(coalesce(n.ended_at, 'infinity')), 'infinity') as _ended_at
from numbered as n
group by n.dossier_id, n.source_code, n.month_start, n.deleted_at, n.stretch
