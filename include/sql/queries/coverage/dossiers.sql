-- grain: one row for each unit that is expected to send data: unit_code, has_sent
-- source: core.unit_at, core.unit_on_day, core.source_role, core.procedure_in_force, mart.dossier; the full definition is in
--        docs/reference/indicators.md
-- counts: expected is every unit with at least one procedure in force on last_day (D, the last counted day of the period), in whichever
--        source of the role. A unit has sent if it has a counted dossier received in the period
-- clocks: the time of reception lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier)
-- traps: a procedure that two sources list counts in one of them, and the dossiers may come from the other one; so the procedures of all
--        sources are asked. A dossier that is left out does not count as sent. A dossier of a unit that did not exist on the day of
--        reception counts for the successor of that unit

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
