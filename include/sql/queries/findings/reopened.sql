-- grain: one row for each dossier that was re-opened
-- source: mart.dossier, core.dossier_version, core.dossier_step, ops.finding_candidate (may be one); a dossier is re-opened by the status
--         10 → 9 or 9 → 4
-- traps: a re-opening is found in two successive delivered versions, or in the visible steps if no version in between was delivered. A
--        step without a status is ignored. If there are several kinds, work that began again is named before a cancelled handing over

with version_status as (
    select
        v.dossier_id,
        v._changed_at as happened_at,
        v.status_code,
        lag(v.status_code) over (partition by v.dossier_id order by v._changed_at, v._first_seen_at) as status_before
    from core.dossier_version as v
    inner join ops.finding_candidate as c on v.dossier_id = c.dossier_id and c.finding_code = 'reopened'
    where v.status_code is not null
),

-- only the steps of dossiers with a step after an end, other than handing over, are sorted, because these dossiers are few
ended_step as (
    select
        s.dossier_id,
        min(s.done_at) as ended_at
    from core.dossier_step as s
    inner join ops.finding_candidate as c on s.dossier_id = c.dossier_id and c.finding_code = 'reopened'
    where s.deleted_at is null and s.status_code in (7, 9, 10)
    group by s.dossier_id
),

candidate as (
    select distinct s.dossier_id
    from core.dossier_step as s
    inner join ended_step as e on s.dossier_id = e.dossier_id
    where
        s.deleted_at is null
        and (s.done_at > e.ended_at and s.status_code <> 10 or s.done_at = e.ended_at and s.status_code not in (7, 9, 10))
),

step_status as (
    select
        s.dossier_id,
        s.done_at as happened_at,
        s.status_code,
        lag(s.status_code) over (partition by s.dossier_id order by s.done_at, s.step_code collate "C") as status_before
    from core.dossier_step as s
    inner join candidate as c on s.dossier_id = c.dossier_id
    where s.deleted_at is null and s.done_at is not null and s.status_code is not null
),

either as (
    select * from version_status
    union all
    select * from step_status
),

back as (
    select
        b.dossier_id,
        b.happened_at,
        case when b.status_code = 9 then '10→9' else b.status_before || '→' || b.status_code end as step,
        b.status_code <> 9 as is_taken_up_again
    from either as b
    where
        (b.status_before in (7, 8, 9, 10) and b.status_code in (1, 2, 4, 5, 6) and b.status_before <> 8)
        or (b.status_before = 10 and b.status_code = 9)
),

first_back as (
    select distinct on (b.dossier_id) b.*
    from back as b
    order by b.dossier_id asc, b.is_taken_up_again desc, b.happened_at asc
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    cast(b.happened_at at time zone (select a.zone from core.authority as a) as date) as event_date,
    jsonb_build_object('step', b.step, 'reopened_at', b.happened_at, 'finished_at', d.finished_at) as detail
from first_back as b
inner join mart.dossier as d on b.dossier_id = d.dossier_id
where d.is_counted
