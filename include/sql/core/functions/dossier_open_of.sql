-- grain: one row for each of some dossiers that is open at J, with its due as of J, its pause, and whether it is past due on day D; of all
--        dossiers of the source where `dossiers` is null
-- source: mart.dossier, core.dossier_due, core.dossier_supplement, core.dossier_step, core.source
-- traps: a pause stops the clock on its first day. The fixed search_path also keeps PostgreSQL from planning the function into the statement
--        that calls it, where it would read all dues and rounds

create or replace function core.dossier_open_of(source text, j timestamptz, d date, dossiers bigint[])
returns table (
    dossier_id bigint,
    dossier_code text,
    unit_code text,
    field_code text,
    received_date date,
    due_date date,
    is_paused boolean,
    paused_since_date date,
    is_past_due boolean
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
with opened as (
    select o.dossier_id, o.dossier_code, o.unit_code, o.field_code, o.received_date, s.zone
    from (
        -- PostgreSQL carries the conditions below into both queries: the first is a look into dossier_open_ix, the second into the key
        select a.* from mart.dossier as a where dossiers is null
        union all
        select b.*
        from unnest(dossiers) as c (dossier_id)
        inner join mart.dossier as b on c.dossier_id = b.dossier_id
    ) as o
    inner join core.source as s on o.source_code = s.source_code
    where
        o.source_code = source
        and o.is_counted
        and o.received_at is not null
        -- received before J, and not finished or finished at J or later: as the index dossier_open_ix has it
        and tstzrange(o.received_at, greatest(coalesce(o.finished_at, 'infinity'), o.received_at), '(]') @> j
),

-- laterally, one look into an index for each open dossier: PostgreSQL expects far more open ones and would read all dues and rounds
due as (
    select o.dossier_id, cast(u.due_at at time zone o.zone as date) as due_date
    from opened as o
    cross join lateral (
        select u.due_at
        from core.dossier_due as u
        where u.dossier_id = o.dossier_id and u.valid_after < j
        order by u.valid_after desc
        limit 1
    ) as u
),

round_pause as (
    select o.dossier_id, r.since_at
    from opened as o
    cross join lateral (
        select min(r.asked_at) as since_at
        from core.dossier_supplement as r
        where r.dossier_id = o.dossier_id and r.asked_at < j and (r.received_back_at is null or r.received_back_at >= j)
        offset 0
    ) as r
    where r.since_at is not null
),

candidate as (
    select distinct o.dossier_id
    from core.dossier_step as p
    inner join opened as o on p.dossier_id = o.dossier_id
    where p.status_code in (6, 8) and p.deleted_at is null
),

distinct_step as (
    select distinct on (s.dossier_id, date_trunc('minute', s.done_at), s.action_name, s.status_code)
        s.dossier_id, s.step_code, s.done_at, s.status_code
    from core.dossier_step as s
    inner join candidate as c on s.dossier_id = c.dossier_id
    where s.deleted_at is null and s.done_at is not null
    order by
        s.dossier_id asc, date_trunc('minute', s.done_at) asc, s.action_name asc, s.status_code asc,
        s.done_at asc, s.step_code collate "C" asc
),

event as (
    select
        e.dossier_id,
        e.done_at,
        e.status_code,
        row_number() over (partition by e.dossier_id order by e.done_at, e.step_code collate "C") as position,
        row_number() over (partition by e.dossier_id, e.status_code order by e.done_at, e.step_code collate "C") as position_of_status,
        row_number() over (partition by e.dossier_id order by e.done_at desc, e.step_code collate "C" desc) as position_from_last
    from distinct_step as e
    where e.status_code is not null and e.done_at < j
),

last_event as (
    select e.dossier_id, e.status_code, e.position - e.position_of_status as run
    from event as e
    where e.position_from_last = 1 and e.status_code in (6, 8)
),

step_pause as (
    select e.dossier_id, min(e.done_at) as since_at
    from event as e
    inner join last_event as l
        on e.dossier_id = l.dossier_id and e.status_code = l.status_code and e.position - e.position_of_status = l.run
    group by e.dossier_id
),

judged as (
    select
        o.dossier_id,
        o.dossier_code,
        o.unit_code,
        o.field_code,
        o.received_date,
        u.due_date,
        r.dossier_id is not null or t.dossier_id is not null as is_paused,
        cast(least(r.since_at, t.since_at) at time zone o.zone as date) as paused_since_date
    from opened as o
    left join due as u on o.dossier_id = u.dossier_id
    left join round_pause as r on o.dossier_id = r.dossier_id
    left join step_pause as t on o.dossier_id = t.dossier_id
)

select
    g.dossier_id,
    g.dossier_code,
    g.unit_code,
    g.field_code,
    g.received_date,
    g.due_date,
    g.is_paused,
    g.paused_since_date,
    coalesce(g.due_date < case when g.is_paused then g.paused_since_date else d end, false) as is_past_due
from judged as g
$$;
comment on function core.dossier_open_of is 'One row each of some dossiers that is open at J, judged on day D; null = all dossiers of the source (docs/reference/indicators.md#37-open-paused-past-due)';
