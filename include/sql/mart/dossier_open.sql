-- grain: one row a dossier of a source open at J, for one last day D
-- source: mart.dossier, core.dossier_due, core.dossier_supplement, core.dossier_step
-- traps: paused and past due as of J (indicators.md §3): a round that covers J, or status 6 or 8 after the last visible step
--        before J; the pause by steps begins with the first step of the unbroken run of that status, repeats removed

insert into mart.dossier_open (
    source_code, as_of_date, dossier_id, dossier_code, unit_code, field_code,
    due_date, is_paused, paused_since_date, is_past_due
)
with opened as (
    select
        d.source_code,
        d.dossier_id,
        d.dossier_code,
        d.unit_code,
        d.field_code,
        s.zone
    from mart.dossier as d
    inner join core.source as s on d.source_code = s.source_code
    where
        d.source_code = cast(:source as text)
        and d.is_counted
        and d.received_at < cast(:end_at as timestamptz)
        and (d.finished_at is null or d.finished_at >= cast(:end_at as timestamptz))
),

due as (
    select distinct on (o.dossier_id)
        o.dossier_id,
        cast(u.due_at at time zone o.zone as date) as due_date
    from opened as o
    inner join core.dossier_due as u on o.dossier_id = u.dossier_id and u.valid_after < cast(:end_at as timestamptz)
    order by o.dossier_id asc, u.valid_after desc
),

round_pause as (
    select
        o.dossier_id,
        min(r.asked_at) as since_at
    from opened as o
    inner join core.dossier_supplement as r on o.dossier_id = r.dossier_id
    where
        r.asked_at < cast(:end_at as timestamptz)
        and (r.received_back_at is null or r.received_back_at >= cast(:end_at as timestamptz))
    group by o.dossier_id
),

candidate as (
    select distinct o.dossier_id
    from core.dossier_step as p
    inner join opened as o on p.dossier_id = o.dossier_id
    where p.status_code in (6, 8) and p.deleted_at is null
),

-- the rows of core.dossier_event, read for the candidates alone
distinct_step as (
    select distinct on (s.dossier_id, date_trunc('minute', s.done_at), s.action_name, s.status_code)
        s.dossier_id,
        s.step_code,
        s.done_at,
        s.status_code
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
        row_number() over (
            partition by e.dossier_id, e.status_code order by e.done_at, e.step_code collate "C"
        ) as position_of_status,
        row_number() over (
            partition by e.dossier_id order by e.done_at desc, e.step_code collate "C" desc
        ) as position_from_last
    from distinct_step as e
    where e.status_code is not null and e.done_at < cast(:end_at as timestamptz)
),

last_event as (
    select
        e.dossier_id,
        e.status_code,
        e.position - e.position_of_status as run
    from event as e
    where e.position_from_last = 1 and e.status_code in (6, 8)
),

step_pause as (
    select
        e.dossier_id,
        min(e.done_at) as since_at
    from event as e
    inner join last_event as l
        on e.dossier_id = l.dossier_id and e.status_code = l.status_code and e.position - e.position_of_status = l.run
    group by e.dossier_id
),

dossier_open as (
    select
        o.*,
        u.due_date,
        r.dossier_id is not null or t.dossier_id is not null as is_paused,
        cast(least(r.since_at, t.since_at) at time zone o.zone as date) as paused_since_date
    from opened as o
    left join due as u on o.dossier_id = u.dossier_id
    left join round_pause as r on o.dossier_id = r.dossier_id
    left join step_pause as t on o.dossier_id = t.dossier_id
)

select
    p.source_code,
    cast(:last_day as date) as as_of_date,
    p.dossier_id,
    p.dossier_code,
    p.unit_code,
    p.field_code,
    p.due_date,
    p.is_paused,
    p.paused_since_date,
    coalesce(p.due_date < case when p.is_paused then p.paused_since_date else cast(:last_day as date) end, false) as is_past_due
from dossier_open as p
order by p.dossier_id
