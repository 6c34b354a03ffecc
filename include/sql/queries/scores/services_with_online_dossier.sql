-- grain: one row for each counted item: unit_code, counted_on, item, is_numerator
-- source: core.procedure_in_force, core.unit_on_day, mart.dossier; Decision 766, online services
-- traps: services offered online at D; a dossier filed online and received in the period; one of a unit that did not exist on the
--        day of its reception counts for the successor

with online as (
    select distinct
        o.counted_code as unit_code,
        d.procedure_code
    from mart.dossier as d
    inner join core.unit_on_day as o
        on
            d.unit_code = o.unit_code
            and d.received_date >= o.from_date
            and d.received_date <= o.to_date
    where
        d.source_code = cast(:source as text)
        and d.is_counted
        and d.channel = 'online'
        and d.received_at >= cast(:start_at as timestamptz)
        and d.received_at < cast(:end_at as timestamptz)
)

select
    p.unit_code,
    cast(null as date) as counted_on,
    p.procedure_code as item,
    o.procedure_code is not null as is_numerator
from core.procedure_in_force(
    cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
) as p
left join online as o on p.unit_code = o.unit_code and p.procedure_code = o.procedure_code
where p.service_level in (3, 4)
