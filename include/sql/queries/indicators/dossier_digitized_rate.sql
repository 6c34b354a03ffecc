-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier; plan 53 T11, T12 (2.1, 6.1); indicators.md §4
-- traps: a digitised paper without a file, or a deleted one, does not count

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.is_digitized as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
