-- grain: one row for each dossier that is open at the end of the period
-- source: mart.dossier_open
-- traps: its due is the one that held at the end; a pause stops the clock on its first day

select
    o.source_code,
    o.as_of_date,
    o.dossier_code,
    o.unit_code,
    o.received_date,
    o.due_date,
    o.is_paused,
    o.paused_since_date
from mart.dossier_open as o
where
    o.source_code = cast(:source as text)
    and o.as_of_date = cast(:last_day as date)
