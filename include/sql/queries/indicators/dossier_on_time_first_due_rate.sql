-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; indicators.md §4
-- traps: the same denominator as dossier_on_time_rate, judged by the first due

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    coalesce(d.first_timeliness in ('early', 'on_time'), false) as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.outcome = 'resolved'
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and d.due_date is not null
