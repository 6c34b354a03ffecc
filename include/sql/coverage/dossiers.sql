-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.unit, core.procedure_in_force, mart.dossier; indicators.md §2
-- traps: expected are units valid at D with at least one procedure in force; dossiers that are left out do not count

select
    u.unit_code,
    exists (
        select 1
        from mart.dossier as d
        where
            d.source_code = cast(:source as text)
            and d.is_counted
            and d.unit_code = u.unit_code
            and d.received_at >= cast(:start_at as timestamptz)
            and d.received_at < cast(:end_at as timestamptz)
    ) as has_sent
from core.unit as u
where
    u.valid_from <= cast(:last_day as date)
    and (u.valid_to is null or u.valid_to >= cast(:last_day as date))
    and u.unit_code in (
        select p.unit_code
        from core.procedure_in_force(
            cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
        ) as p
    )
