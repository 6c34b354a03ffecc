-- grain: one row for each unit that is expected to send data: unit_code, has_sent
-- source: core.unit_at, core.unit_on_day, core.payment; the full definition is in docs/reference/indicators.md
-- counts: expected is every office, public service unit and commune that exists on last_day (D, the last counted day of the period). A
--        unit has sent if it has a row in a payment file of the period
-- clocks: the day of the file lies from start_date to last_day, both included
-- traps: the day of the file counts, not the time of payment. A row of a unit that did not exist on that day counts for the successor of
--        that unit

select
    u.unit_code,
    exists (
        select 1
        from core.unit_on_day as o
        inner join core.payment as r
            on
                o.unit_code = r.unit_code
                and o.from_date <= r.file_date
                and o.to_date >= r.file_date
        where
            o.counted_code = u.unit_code
            and r.source_code = cast(:source as text)
            and r.file_date >= cast(:start_date as date)
            and r.file_date <= cast(:last_day as date)
    ) as has_sent
from core.unit_at(cast(:last_day as date)) as u
where
    u.kind in ('office', 'public_service_unit', 'commune')
    and u.is_valid
