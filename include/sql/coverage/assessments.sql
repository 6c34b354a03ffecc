-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.unit, core.assessment, core.survey_answer; indicators.md §2
-- traps: expected is every office, public service unit and commune valid at D; an assessment or a survey answer will do, empty ones too

select
    u.unit_code,
    exists (
        select 1
        from core.assessment as r
        where
            r.source_code = cast(:source as text)
            and r.unit_code = u.unit_code
            and r.assessed_at >= cast(:start_at as timestamptz)
            and r.assessed_at < cast(:end_at as timestamptz)
    )
    or exists (
        select 1
        from core.survey_answer as s
        where
            s.source_code = cast(:survey_source as text)
            and s.unit_code = u.unit_code
            and s.surveyed_date >= cast(:start_date as date)
            and cast(s.surveyed_date as timestamp) at time zone 'Asia/Ho_Chi_Minh' < cast(:survey_end_at as timestamptz)
    ) as has_sent
from core.unit as u
where
    u.kind in ('office', 'public_service_unit', 'commune')
    and u.valid_from <= cast(:last_day as date)
    and (u.valid_to is null or u.valid_to >= cast(:last_day as date))
