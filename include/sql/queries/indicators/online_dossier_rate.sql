-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; plan 53 T16, T17 (2.1); indicators.md §4
-- traps: of the dossiers received in the period, whatever became of them

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.channel = 'online' as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
