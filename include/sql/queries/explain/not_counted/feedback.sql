-- grain: one row for each feedback that was received, due or answered in the period: unit_code, counted_on, item, reason
-- source: core.feedback_version, core.duplicate_record
-- counts: every feedback in force. The statement around this one takes away what the indicator's own SQL counts; `reason` says of the
--        others what they lack
-- traps: a reason is the first that applies. An answer at or after J is not known yet

with candidate as (
    select
        f.*,
        cast(f.due_at at time zone cast(:zone as text) as date) as due_date,
        case when f.answered_at < cast(:end_at as timestamptz) then f.answered_at end as known_answer_at
    from core.feedback_version as f
    where
        f.source_code = cast(:source as text)
        and f._is_current
        and (
            (f.received_at >= cast(:start_at as timestamptz) and f.received_at < cast(:end_at as timestamptz))
            or (f.answered_at >= cast(:start_at as timestamptz) and f.answered_at < cast(:end_at as timestamptz))
            or (f.due_at >= cast(:start_at as timestamptz) and f.due_at < cast(:end_at as timestamptz))
        )
)

select
    c.unit_code,
    cast(coalesce(c.known_answer_at, c.due_at, c.received_at) at time zone cast(:zone as text) as date) as counted_on,
    c.feedback_code as item,
    case
        when c._failed_rules is not null then 'critical'
        when d.key is not null then 'duplicate_source'
        when not coalesce(c.is_about_procedures, false) then 'not_about_procedures'
        when c.repeated_code is not null then 'repeated'
        when cast(:code as text) = 'feedback_on_time_rate' and c.due_at is null then 'no_limit'
        when c.known_answer_at < cast(:start_at as timestamptz) then 'answered_before'
        when cast(:code as text) = 'feedback_satisfaction_rate' and c.known_answer_at is null then 'not_answered'
        when cast(:code as text) = 'feedback_satisfaction_rate' and c.rating_code is null then 'no_rating'
        when cast(:code as text) = 'feedback_on_time_rate' and c.status_code = 'chuyen_don_vi' then 'passed_on'
        when cast(:code as text) = 'feedback_on_time_rate' and c.due_date > cast(:last_day as date) then 'not_due'
        when cast(:code as text) = 'feedback_on_time_rate' and c.due_date < cast(:start_date as date) then 'due_before'
        else 'definition'
    end as reason
from candidate as c
left join core.duplicate_record as d on d.model = 'feedback' and c.source_code = d.source_code and c.feedback_code = d.key
