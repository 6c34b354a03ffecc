-- grain: one row for each unit that is expected to send data: unit_code, has_sent
-- source: core.unit_at, core.unit_on_day, core.survey_answer; the full definition is in docs/reference/indicators.md
-- counts: the second part of assessments.sql. Expected is every office, public service unit and commune that exists on last_day (D, the
--        last counted day of the period). A unit has sent if it has an answer of the survey in the period, even an empty one
-- clocks: the day of the survey is start_date or later, and begins before end_at (J, the end of the period, or known_at if that is
--        earlier)
-- traps: a row of a unit that did not exist on that day counts for the successor of that unit

select
    u.unit_code,
    exists (
        select 1
        from core.unit_on_day as o
        inner join core.survey_answer as s
            on
                o.unit_code = s.unit_code
                and o.from_date <= s.surveyed_date
                and o.to_date >= s.surveyed_date
        where
            o.counted_code = u.unit_code
            and s.source_code = cast(:source as text)
            and s.surveyed_date >= cast(:start_date as date)
            and cast(s.surveyed_date as timestamp) at time zone cast(:zone as text) < cast(:end_at as timestamptz)
    ) as has_sent
from core.unit_at(cast(:last_day as date)) as u
where
    u.kind in ('office', 'public_service_unit', 'commune')
    and u.is_valid
