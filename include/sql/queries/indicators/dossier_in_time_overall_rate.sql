-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, mart.dossier_open; national formula 2.1 of Decision 766; indicators.md §4
-- traps: finished in the period (any outcome) or open at D, both with a due; together they are received + open at the start

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.timeliness in ('early', 'on_time') as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and d.due_date is not null
union all
select
    o.unit_code,
    r.received_date as counted_on,
    o.dossier_code as item,
    not o.is_past_due as is_numerator
from mart.dossier_open as o
inner join mart.dossier as r on o.dossier_id = r.dossier_id
where
    o.source_code = cast(:source as text)
    and o.as_of_date = cast(:last_day as date)
    and o.due_date is not null
