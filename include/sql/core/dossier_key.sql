-- grain: one row for each dossier and month of reception, and stretch in which the lists of keys said the same
-- source: changed_key (temporary: what the lists of one extract say otherwise), core.dossier_key
-- traps: a list holds from its T on until the next list of its month, whichever was loaded first; equal stretches that meet become one.
--        So the rows do not depend on the order in which the lists are loaded

with entry as (
    delete from core.dossier_key as k
    using changed_key as c
    where k.dossier_id = c.dossier_id and k.month_start = c.month_start
    returning k.*
),

piece as (
    select
        e.dossier_id,
        e.source_code,
        e.month_start,
        e.deleted_at,
        e._first_seen_at as begun_at,
        least(e._ended_at, cast(:known_at as timestamptz)) as ended_at
    from entry as e
    where e._first_seen_at < cast(:known_at as timestamptz)
    union all
    select
        e.dossier_id,
        e.source_code,
        e.month_start,
        e.deleted_at,
        greatest(e._first_seen_at, c.next_at) as begun_at,
        e._ended_at as ended_at
    from entry as e
    inner join changed_key as c on e.dossier_id = c.dossier_id and e.month_start = c.month_start
    where c.next_at is not null and (e._ended_at is null or e._ended_at > c.next_at)
    union all
    select
        c.dossier_id,
        c.source_code,
        c.month_start,
        c.deleted_at,
        cast(:known_at as timestamptz) as begun_at,
        c.next_at as ended_at
    from changed_key as c
    where c.is_listed
),

neighbour as (
    select
        p.*,
        lag(p.ended_at) over w as ended_before,
        lag(p.deleted_at) over w as deleted_before
    from piece as p
    window w as (partition by p.dossier_id, p.month_start order by p.begun_at)
),

numbered as (
    select
        n.*,
        count(*) filter (
            where n.ended_before is distinct from n.begun_at or n.deleted_before is distinct from n.deleted_at
        ) over (partition by n.dossier_id, n.month_start order by n.begun_at) as stretch
    from neighbour as n
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
order by n.dossier_id, n.month_start, min(n.begun_at)
