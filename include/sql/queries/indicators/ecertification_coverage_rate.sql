-- grain: one row for each unit that should certify copies electronically: unit_code, counted_on, item, is_numerator
-- source: core.unit_at, core.unit_on_day, mart.dossier, core.procedure_span; plan 53, targets T18, T19 (section 2.1); the full definition
--        is in docs/reference/indicators.md
-- counts: the denominator is every commune that exists on the last day, and those offices of the district that the catalogue names (bind
--        units). The numerator is the units with at least one resolved dossier of a certification procedure that has a signed result
-- clocks: always year to date: the end of the dossier lies at or after year_start_at and before end_at (J, the end of the period, or
--        known_at if that is earlier). Units are those of last_day (D, the last counted day of the period). Everything else is read as
--        known at known_at (T, the moment up to which the source is known)
-- traps: the item is the unit, so it counts once, however many dossiers it has. A dossier of a unit that did not exist on the day of
--        reception counts for the successor of that unit

select
    u.unit_code,
    cast(null as date) as counted_on,
    u.unit_code as item,
    exists (
        select 1
        from core.unit_on_day as o
        inner join core.procedure_span(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
            on o.unit_code = p.unit_code
        -- laterally, one look into an index for each procedure of certification: one dossier is enough, and most have thousands
        cross join lateral (
            select 1
            from mart.dossier as d
            where
                d.source_code = cast(:source as text)
                and d.unit_code = p.unit_code
                and d.procedure_code = p.procedure_code
                and d.received_date >= p.from_date
                and d.received_date < p.before_date
                and d.received_date >= o.from_date
                and d.received_date <= o.to_date
                and d.is_counted
                and d.outcome = 'resolved'
                and d.finished_at >= cast(:year_start_at as timestamptz)
                and d.finished_at < cast(:end_at as timestamptz)
                and d.has_signed_result
            order by d.finished_at
            limit 1
        ) as d
        where o.counted_code = u.unit_code and p.is_certification
    ) as is_numerator
from core.unit_at(cast(:last_day as date)) as u
where
    (u.kind = 'commune' or u.unit_code = any(cast(:units as text[])))
    and u.is_valid
