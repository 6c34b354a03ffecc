-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.unit_at, core.unit_on_day, core.source_role, core.procedure_in_force, mart.dossier; indicators.md §2
-- traps: expected are units with at least one procedure in force, so valid at D, whichever source of the role lists it: of a procedure in two
--        lists one alone counts, and the dossiers may come from the other source; dossiers that are left out do not count;
--        a dossier of a unit that did not exist on the day of its reception counts for the successor

select
    u.unit_code,
    exists (
        select 1
        from core.unit_on_day as o
        inner join mart.dossier as d
            on
                o.unit_code = d.unit_code
                and o.from_date <= d.received_date
                and o.to_date >= d.received_date
        where
            o.counted_code = u.unit_code
            and d.source_code = cast(:source as text)
            and d.is_counted
            and d.received_at >= cast(:start_at as timestamptz)
            and d.received_at < cast(:end_at as timestamptz)
    ) as has_sent
from core.unit_at(cast(:last_day as date)) as u
where
    u.unit_code in (
        select p.unit_code
        from core.source_role as r
        cross join lateral core.procedure_in_force(
            r.source_code, cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
        ) as p
        where r.role = 'dossiers'
    )
