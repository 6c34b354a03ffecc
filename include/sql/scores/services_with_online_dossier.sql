-- grain: one row a counted item: unit_code, item, is_numerator
-- source: core.procedure_in_force, mart.dossier; Decision 766, online services
-- traps: services offered online at D; a dossier filed online and received in the period

with online as (
    select distinct
        d.unit_code,
        d.procedure_code
    from mart.dossier as d
    where
        d.source_code = cast(:source as text)
        and d.is_counted
        and d.channel = 'online'
        and d.received_at >= cast(:start_at as timestamptz)
        and d.received_at < cast(:end_at as timestamptz)
)

select
    p.unit_code,
    p.procedure_code as item,
    o.procedure_code is not null as is_numerator
from core.procedure_in_force(
    cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
) as p
left join online as o on p.unit_code = o.unit_code and p.procedure_code = o.procedure_code
where p.service_level in (3, 4)
