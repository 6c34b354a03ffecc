-- grain: one row for each kind of finding, unit and month
-- source: mart.finding

select
    f.finding_code,
    f.finding_order,
    f.name_vi,
    f.unit_code,
    f.month_start,
    count(*) as finding_count
from mart.finding as f
group by f.finding_code, f.finding_order, f.name_vi, f.unit_code, f.month_start
