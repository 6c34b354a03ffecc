-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.survey_answer; plan 53 T21 (2.1); indicators.md §4
-- traps: what was left empty is in neither side; by their own unit; the other part of procedure_satisfaction_rate

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
