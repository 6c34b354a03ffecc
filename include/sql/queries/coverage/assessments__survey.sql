-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.unit_at, core.unit_on_day, core.survey_answer; indicators.md §2
-- traps: the other part of assessments: who is expected is the same, and a sheet of the survey will do, an empty one too;
--        a row of a unit that did not exist on that day counts for the successor

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
