-- grain: one row for each feedback item that was answered, or was due and not answered, in the days that a publication counts
-- source: core.feedback
-- traps: an answer at or after end_at is not known to the count, and is null. The subject and the text stay in the warehouse

select
    f.source_code,
    f.feedback_code,
    f.unit_code,
    f.status_code,
    f.is_about_procedures,
    f.repeated_code is not null as is_repeated,
    cast(f.due_at at time zone cast(:zone as text) as date) as due_date,
    case
        when f.answered_at < cast(:end_at as timestamptz) then cast(f.answered_at at time zone cast(:zone as text) as date)
    end as answered_date,
    f.rating_code
from core.feedback as f
where
    f.source_code = cast(:source as text)
    and (
        f.answered_at >= cast(:start_at as timestamptz)
        or cast(f.due_at at time zone cast(:zone as text) as date) between cast(:start_date as date) and cast(:last_day as date)
    )
