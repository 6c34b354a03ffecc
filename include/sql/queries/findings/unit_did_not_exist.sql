-- grain: one row for each dossier of a unit that did not exist on the day of reception
-- source: mart.dossier, core.unit_on_day, core.unit, core.source
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
from core.unit_on_day as o
inner join core.unit as u on o.unit_code = u.unit_code
cross join core.source as s
-- one look into an index for each source and stretch of days. The index goes by moments, so two days more are looked at on both sides
cross join lateral (
    select d.*
    from mart.dossier as d
    where d.is_counted and d.source_code = s.source_code and d.unit_code = o.unit_code
        and d.received_date >= o.from_date
        and d.received_date <= o.to_date
        and d.received_at >= cast(o.from_date as timestamptz) - interval '2 days'
        and d.received_at <= cast(o.to_date as timestamptz) + interval '2 days'
    order by d.received_at
    offset 0
) as d
where o.counted_code is distinct from o.unit_code
