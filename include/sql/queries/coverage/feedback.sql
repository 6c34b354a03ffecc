-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.unit_at, core.unit_on_day, core.feedback; indicators.md §2
-- traps: expected is every office, public service unit and commune valid at D; the date of a row is NgayTiepNhan;
--        a row of a unit that did not exist on that day counts for the successor

select
    u.unit_code,
    exists (
        select 1
        from core.unit_on_day as o
        inner join core.feedback as r
            on
                o.unit_code = r.unit_code
                and cast(r.received_at at time zone cast(:zone as text) as date) >= o.from_date
                and cast(r.received_at at time zone cast(:zone as text) as date) <= o.to_date
        where
            o.counted_code = u.unit_code
            and r.source_code = cast(:source as text)
            and r.received_at >= cast(:start_at as timestamptz)
            and r.received_at < cast(:end_at as timestamptz)
    ) as has_sent
from core.unit_at(cast(:last_day as date)) as u
where
    u.kind in ('office', 'public_service_unit', 'commune')
    and u.is_valid
