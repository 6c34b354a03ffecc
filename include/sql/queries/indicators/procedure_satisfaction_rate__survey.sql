-- grain: one row for each answer of the survey that is not empty: unit_code, counted_on, item, is_numerator
-- source: core.survey_answer; plan 53, target T21 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every answer with a score. The numerator is those with a score of 4 or more. It is the second part of
--        procedure_satisfaction_rate
-- clocks: the day of the survey is start_date or later, and begins before end_at (J, the end of the period, or known_at if that is
--        earlier). Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: an empty answer is neither in the numerator nor in the denominator. The unit is that of the answer itself

select
    s.unit_code,
    s.surveyed_date as counted_on,
    'survey ' || s.answer_code as item,
    s.score >= 4 as is_numerator
from core.survey_answer as s
where
    s.source_code = cast(:source as text)
    and s.surveyed_date >= cast(:start_date as date)
    and cast(s.surveyed_date as timestamp) at time zone cast(:zone as text) < cast(:end_at as timestamptz)
    and s.score is not null
