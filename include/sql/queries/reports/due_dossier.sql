-- grain: one row for each dossier open on the last day whose due lies between that day and the third working day after it
-- source: mart.dossier_open, mart.dossier, core.unit_in_period, core.unit_on_day, core.unit, core.working_day
-- traps: due on the last day itself is not past due yet, and is listed first; a paused one is listed and marked.
--        A dossier that an ended unit has left is listed with the unit that has taken its place by the last day

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

upcoming as (
    select w.day
    from core.working_day as w
    where w.is_working and w.day > cast(:last_day as date)
    order by w.day
    limit cast(:days as integer)
)

select
    u.unit_code,
    u.unit_name,
    case when p.counted_code <> u.unit_code then f.name end as former_unit_name,
    o.dossier_code,
    d.procedure_name,
    d.field_name,
    d.received_date,
    o.due_date,
    o.is_paused,
    (
        select count(*)
        from core.working_day as w
        where w.is_working and w.day > cast(:last_day as date) and w.day <= o.due_date
    ) as working_days_left
from mart.dossier_open as o
inner join mart.dossier as d on o.dossier_id = d.dossier_id
inner join placed as p on o.unit_code = p.unit_code and d.received_date >= p.from_date and d.received_date <= p.to_date
inner join core.unit_on_day as h
    on p.counted_code = h.unit_code and cast(:last_day as date) >= h.from_date and cast(:last_day as date) <= h.to_date
inner join unit as u on coalesce(h.counted_code, p.counted_code) = u.unit_code
inner join core.unit as f on p.counted_code = f.unit_code
where
    o.as_of_date = cast(:last_day as date)
    and not o.is_past_due
    and o.due_date >= cast(:last_day as date)
    and o.due_date <= (select max(w.day) from upcoming as w)
order by o.due_date, lpad(substring(u.unit_code from '[0-9]+$'), 6, '0'), u.unit_code, o.dossier_code collate "C"
