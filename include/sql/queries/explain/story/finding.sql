-- grain: one row for each finding about a dossier
-- source: mart.finding
-- traps: the view looks at the whole warehouse, so it is asked for the months of the dossier alone

select
    f.finding_code,
    f.name_vi,
    f.event_date,
    f.item,
    f.detail
from mart.finding as f
where f.dossier_code = cast(:code as text)
order by f.finding_order, f.event_date, f.item
