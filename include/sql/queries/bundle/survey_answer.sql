-- grain: one row for each answer of the survey in the days that a publication counts
-- source: core.survey_answer

select
    s.source_code,
    s.answer_code,
    s.unit_code,
    s.surveyed_date,
    s.score
from core.survey_answer as s
where
    s.source_code = cast(:source as text)
    and s.surveyed_date >= cast(:start_date as date)
    and cast(s.surveyed_date as timestamp) at time zone cast(:zone as text) < cast(:end_at as timestamptz)
