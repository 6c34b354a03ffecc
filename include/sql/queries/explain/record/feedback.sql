-- grain: one row for each asked item, a feedback or petition, with the facts by which it counts
-- source: asked (the items of the statement around this one), core.feedback_version, core.working_day
-- traps: an answer at or after J is not known yet. Late days are working days after the limit, up to the answer or the last day

with fact as (
    select
        a.*,
        f.dossier_code,
        cast(null as text) as procedure_code,
        cast(null as text) as procedure_name,
        cast(f.received_at at time zone cast(:zone as text) as date) as received_date,
        cast(f.due_at at time zone cast(:zone as text) as date) as due_date,
        cast(null as date) as first_due_date,
        case when f.answered_at < a.end_at then cast(f.answered_at at time zone cast(:zone as text) as date) end as ended_date,
        f.status_code as state,
        f.channel_code,
        f.rating_code,
        f.repeated_code
    from asked as a
    left join core.feedback_version as f on a.source_code = f.source_code and a.item = f.feedback_code and f._is_current
)

select
    f.*,
    case
        when coalesce(f.ended_date, f.last_day) > f.due_date
            then (
                select count(*)
                from core.working_day as w
                where w.is_working and w.day > f.due_date and w.day <= coalesce(f.ended_date, f.last_day)
            )
        when coalesce(f.ended_date, f.last_day) <= f.due_date then 0
    end as late_days,
    jsonb_build_object('channel_code', f.channel_code, 'rating_code', f.rating_code, 'repeated_code', f.repeated_code) as facts
from fact as f
