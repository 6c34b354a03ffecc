-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.unit, core.feedback; indicators.md §2
-- traps: expected is every office, public service unit and commune valid at D; the date of a row is NgayTiepNhan

select
    u.unit_code,
    exists (
        select 1
        from core.feedback as r
        where
            r.source_code = cast(:source as text)
            and r.unit_code = u.unit_code
            and r.received_at >= cast(:start_at as timestamptz)
            and r.received_at < cast(:end_at as timestamptz)
    ) as has_sent
from core.unit as u
where
    u.kind in ('office', 'public_service_unit', 'commune')
    and u.valid_from <= cast(:last_day as date)
    and (u.valid_to is null or u.valid_to >= cast(:last_day as date))
