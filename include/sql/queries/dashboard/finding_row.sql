-- grain: one row for each finding
-- source: mart.finding
-- traps: one kind looks at all payments (transaction_without_dossier), the others at what may be a finding

select
    f.finding_code,
    f.source_code,
    f.unit_code,
    f.month_start,
    f.item,
    f.dossier_code,
    f.event_date
from mart.finding as f
order by f.finding_order, f.month_start, f.unit_code, f.item
