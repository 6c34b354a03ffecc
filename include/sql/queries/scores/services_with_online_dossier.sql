-- grain: one row for each procedure in force at a unit that is offered online: unit_code, counted_on, item, is_numerator
-- source: core.procedure_in_force, core.unit_on_day, core.source_role, mart.dossier; Decision 766, online services
-- counts: the denominator is every procedure in force on the last day that is offered at level 3 or 4. The numerator is those with a
--        dossier filed online in the period
-- clocks: the time of reception lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Procedures are those of last_day (D, the last counted day of the period)
-- traps: the dossiers may come from any source that fills the role. A dossier of a unit that did not exist on the day of reception
--        counts for the successor of that unit

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
        -- the service is counted in one source, its dossiers may stand in another of the role
        d.source_code in (select r.source_code from core.source_role as r where r.role = 'dossiers')
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
