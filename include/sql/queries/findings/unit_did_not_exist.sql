-- grain: one row for each dossier of a unit that did not exist on the day of reception
-- source: mart.dossier, core.unit_on_day, core.unit
-- traps: the first and last day of the unit are included. The finding belongs to the unit in the record, and names the unit for which
--        the dossier counts, the only successor on that day. Without one, the dossier counts only in the level and the whole

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object(
        'received_at', d.received_at, 'unit_from', u.valid_from, 'unit_to', u.valid_to, 'counts_for', o.counted_code
    ) as detail
from mart.dossier as d
inner join core.unit_on_day as o
    on d.unit_code = o.unit_code and d.received_date >= o.from_date and d.received_date <= o.to_date
inner join core.unit as u on d.unit_code = u.unit_code
where d.is_counted and o.counted_code is distinct from d.unit_code
