-- grain: one row for each dossier that ended late in the period, or is open and past due on its last day
-- source: mart.dossier, mart.dossier_open, core.unit_in_period, core.unit_on_day, core.unit, core.working_day
-- traps: the dates decide, so a returned dossier past its due is listed too (form II.06a counts it on time); of a paused one the
--        days count up to the pause; apologies are those known now. A dossier that an ended unit has left is listed with the unit that
--        has taken its place by the day of its end, or by the last day while it is open; its figures stay with the ended unit

with unit as (
    select
        u.unit_code,
        u.name as unit_name
    from core.unit_in_period(cast(:kind as text), cast(:start as date), cast(:last_day as date), cast(:as_published as boolean)) as u
    where u.root_code = cast(:root as text) and (cast(:unit as text) is null or u.unit_code = cast(:unit as text))
),

-- the unit for which a dossier counts: the successor if the unit did not exist on the day of reception, or the unit itself without one
placed as (
    select
        o.unit_code,
        o.from_date,
        o.to_date,
        coalesce(o.counted_code, o.unit_code) as counted_code
    from core.unit_on_day as o
),

ended as (
    select
        d.dossier_id,
        d.unit_code,
        d.outcome as state,
        d.due_date,
        d.finished_date,
        d.finished_date as until_date
    from mart.dossier as d
    where
        d.is_counted and d.timeliness = 'late'
        and d.finished_date >= cast(:start as date) and d.finished_date <= cast(:last_day as date) and d.finished_at < cast(:end_at as timestamptz)
        -- both follow from the days, and are the conditions of the index dossier_late_ix
        and cast(date_trunc('month', cast(coalesce(d.finished_date, d.received_date) as timestamp)) as date) >= cast(date_trunc('month', cast(:start as timestamp)) as date)
        and cast(date_trunc('month', cast(coalesce(d.finished_date, d.received_date) as timestamp)) as date) <= cast(:last_day as date)
),

opened as (
    select
        o.dossier_id,
        o.unit_code,
        case when o.is_paused then 'paused' else 'open' end as state,
        o.due_date,
        cast(null as date) as finished_date,
        coalesce(o.paused_since_date, o.as_of_date) as until_date
    from mart.dossier_open as o
    where o.as_of_date = cast(:last_day as date) and o.is_past_due
),

-- materialized: PostgreSQL would look for them once for each stretch of days of the unit
late as materialized (
    select * from ended
    union all
    select * from opened
)

select
    u.unit_code,
    u.unit_name,
    case when p.counted_code <> u.unit_code then f.name end as former_unit_name,
    d.dossier_code,
    d.procedure_name,
    d.field_name,
    d.received_date,
    l.due_date,
    l.finished_date,
    l.state,
    l.until_date - l.due_date as days_late,
    (
        select count(*)
        from core.working_day as w
        where w.is_working and w.day > l.due_date and w.day <= l.until_date
    ) as working_days_late,
    coalesce(d.apology_count, 0) as apology_count
from late as l
inner join mart.dossier as d on l.dossier_id = d.dossier_id
inner join placed as p on l.unit_code = p.unit_code and d.received_date >= p.from_date and d.received_date <= p.to_date
inner join core.unit_on_day as h
    on
        p.counted_code = h.unit_code
        and coalesce(l.finished_date, cast(:last_day as date)) >= h.from_date
        and coalesce(l.finished_date, cast(:last_day as date)) <= h.to_date
inner join unit as u on coalesce(h.counted_code, p.counted_code) = u.unit_code
inner join core.unit as f on p.counted_code = f.unit_code
order by lpad(substring(u.unit_code from '[0-9]+$'), 6, '0') asc, u.unit_code asc, days_late desc, d.dossier_code collate "C" asc
