-- grain: one row for each unit that is expected to send data: unit_code, has_sent
-- source: core.unit_at, core.unit_on_day, core.work_file; the full definition is in docs/reference/indicators.md
-- counts: expected is every office, public service unit and commune that exists on last_day (D, the last counted day of the period). A
--        unit has sent if it has a work file closed in the period
-- clocks: the time of closing (NgayDong) lies at or after start_at and before end_at (J, the end of the period, or known_at if that is
--        earlier)
-- traps: a row of a unit that did not exist on that day counts for the successor of that unit

select
    u.unit_code,
    exists (
        select 1
        from core.unit_on_day as o
        inner join core.work_file as r
            on
                o.unit_code = r.unit_code
                and cast(r.closed_at at time zone cast(:zone as text) as date) >= o.from_date
                and cast(r.closed_at at time zone cast(:zone as text) as date) <= o.to_date
        where
            o.counted_code = u.unit_code
            and r.source_code = cast(:source as text)
            and r.closed_at >= cast(:start_at as timestamptz)
            and r.closed_at < cast(:end_at as timestamptz)
    ) as has_sent
from core.unit_at(cast(:last_day as date)) as u
where
    u.kind in ('office', 'public_service_unit', 'commune')
    and u.is_valid
