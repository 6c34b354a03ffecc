-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.assessment, core.survey_answer; plan 53 T21 (2.1); indicators.md §4
-- traps: what was left empty is in neither side; by their own unit. Each part is cut at the J of its own source; without any survey
--        extract (survey_end_at is -infinity) the assessments stand alone

select
    a.unit_code,
    cast(a.assessed_at at time zone 'Asia/Ho_Chi_Minh' as date) as counted_on,
    a.assessment_code as item,
    a.rating_code in ('rat_hai_long', 'hai_long') as is_numerator
from core.assessment as a
where
    a.source_code = cast(:source as text)
    and a.assessed_at >= cast(:start_at as timestamptz)
    and a.assessed_at < cast(:end_at as timestamptz)
    and a.rating_code is not null
union all
select
    s.unit_code,
    s.surveyed_date as counted_on,
    'survey ' || s.answer_code as item,
    s.score >= 4 as is_numerator
from core.survey_answer as s
where
    s.source_code = cast(:survey_source as text)
    and s.surveyed_date >= cast(:start_date as date)
    and cast(s.surveyed_date as timestamp) at time zone 'Asia/Ho_Chi_Minh' < cast(:survey_end_at as timestamptz)
    and s.score is not null
