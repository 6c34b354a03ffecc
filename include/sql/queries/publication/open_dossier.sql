-- grain: one row for each counted item: unit_code, counted_on, item, is_numerator (past due)
-- source: mart.dossier_open; form II.06a column 11
-- traps: the dossiers open at the end of the period, by code; column 6 of the next period is checked against them

select
    o.unit_code,
    o.received_date as counted_on,
    o.dossier_code as item,
    o.is_past_due as is_numerator
from mart.dossier_open as o
where
    o.source_code = cast(:source as text)
    and o.as_of_date = cast(:last_day as date)
