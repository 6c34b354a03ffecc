-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.unit, core.payment; indicators.md §2
-- traps: expected is every office, public service unit and commune valid at D; the date of a row is its file's day

select
    u.unit_code,
    exists (
        select 1
        from core.payment as r
        where
            r.source_code = cast(:source as text)
            and r.unit_code = u.unit_code
            and r.file_date >= cast(:start_date as date)
            and r.file_date <= cast(:last_day as date)
    ) as has_sent
from core.unit as u
where
    u.kind in ('office', 'public_service_unit', 'commune')
    and u.valid_from <= cast(:last_day as date)
    and (u.valid_to is null or u.valid_to >= cast(:last_day as date))
