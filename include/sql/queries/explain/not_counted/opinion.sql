-- grain: one row for each assessment and survey sheet of the period: unit_code, counted_on, item, reason
-- source: core.assessment_version, core.survey_answer_version, core.duplicate_record
-- counts: every opinion in force. The statement around this one takes away what the indicator's own SQL counts; `reason` says of the
--        others what they lack
-- traps: a reason is the first that applies. A source has either assessments or survey sheets

select
    a.unit_code,
    cast(a.assessed_at at time zone cast(:zone as text) as date) as counted_on,
    a.assessment_code as item,
    case
        when a._failed_rules is not null then 'critical'
        when d.key is not null then 'duplicate_source'
        when a.rating_code is null then 'empty_answer'
        else 'definition'
    end as reason
from core.assessment_version as a
left join core.duplicate_record as d on d.model = 'assessment' and a.source_code = d.source_code and a.assessment_code = d.key
where
    a.source_code = cast(:source as text)
    and a._is_current
    and a.assessed_at >= cast(:start_at as timestamptz)
    and a.assessed_at < cast(:end_at as timestamptz)
union all
select
    s.unit_code,
    s.surveyed_date as counted_on,
    'survey ' || s.answer_code as item,
    case
        when s._failed_rules is not null then 'critical'
        when d.key is not null then 'duplicate_source'
        when s.score is null then 'empty_answer'
        else 'definition'
    end as reason
from core.survey_answer_version as s
left join core.duplicate_record as d on d.model = 'survey_answer' and s.source_code = d.source_code and s.answer_code = d.key
where
    s.source_code = cast(:source as text)
    and s._is_current
    and s.surveyed_date >= cast(:start_date as date)
    and cast(s.surveyed_date as timestamp) at time zone cast(:zone as text) < cast(:end_at as timestamptz)
