-- grain: one row for each of the named dossiers of some sources: its unit of reception, its times, and when it was first delivered
-- source: mart.dossier, core.dossier_version, core.unit_on_day
-- traps: where two sources have the code, the dossier that counts comes last, so that a dictionary by code keeps it

select
    d.dossier_code,
    d.source_code,
    coalesce(o.counted_code, d.unit_code) as unit_code,
    d.left_out_reason,
    d.received_at,
    d.finished_at,
    (select min(v._first_seen_at) from core.dossier_version as v where v.dossier_id = d.dossier_id) as first_seen_at
from mart.dossier as d
left join core.unit_on_day as o on d.unit_code = o.unit_code and d.received_date between o.from_date and o.to_date
where d.dossier_code = any(:codes) and d.source_code = any(:sources)
order by d.left_out_reason = 'duplicate_source' desc nulls last
