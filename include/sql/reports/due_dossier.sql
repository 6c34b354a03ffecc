-- grain: one row a dossier open on the last day whose due lies between that day and the third working day after it
-- source: mart.dossier_open, mart.dossier, core.working_day
-- traps: due on the last day itself is not past due yet, and is listed first; a paused one is listed and marked

with unit as (
    select
        u.unit_code,
        u.name as unit_name
    from core.unit as u
    where u.root_code = cast(:root as text) and (cast(:unit as text) is null or u.unit_code = cast(:unit as text))
),

upcoming as (
    select w.day
    from core.working_day as w
    where w.is_working and w.day > cast(:last_day as date)
    order by w.day
    limit cast(:days as integer)
)

select
    o.unit_code,
    u.unit_name,
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
inner join unit as u on o.unit_code = u.unit_code
inner join mart.dossier as d on o.dossier_id = d.dossier_id
where
    o.as_of_date = cast(:last_day as date)
    and not o.is_past_due
    and o.due_date >= cast(:last_day as date)
    and o.due_date <= (select max(p.day) from upcoming as p)
order by o.due_date, lpad(substring(o.unit_code from '[0-9]+$'), 6, '0'), o.unit_code, o.dossier_code collate "C"
