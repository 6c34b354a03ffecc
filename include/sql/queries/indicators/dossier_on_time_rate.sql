-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; plan 53 T20 (2.1); indicators.md §4
-- traps: resolved dossiers alone; by local dates; a dossier without a due is in neither side

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.timeliness in ('early', 'on_time') as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.outcome = 'resolved'
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and d.due_date is not null
