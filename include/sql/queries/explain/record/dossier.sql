-- grain: one row for each asked item, a dossier, with the facts by which it counts
-- source: asked (the items of the statement around this one), mart.dossier, mart.dossier_open, core.working_day
-- traps: of a dossier that is open on the last day, the due is the one in force on that day, and the late days end there or at the
--        pause. Late days are working days after the due, as in the list of late dossiers

with fact as (
    select
        a.*,
        d.dossier_code,
        d.procedure_code,
        d.procedure_name,
        d.received_date,
        case when o.dossier_id is null then d.due_date else o.due_date end as due_date,
        d.first_due_date,
        case when o.dossier_id is null then d.finished_date end as ended_date,
        case when o.dossier_id is null then d.finished_date else coalesce(o.paused_since_date, o.as_of_date) end as until_date,
        case when o.dossier_id is null then d.outcome when o.is_paused then 'paused' else 'open' end as state,
        d.channel,
        d.is_digitized,
        d.has_signed_result,
        d.left_out_rules
    from asked as a
    left join mart.dossier as d on a.item = d.dossier_code and a.source_code = d.source_code
    left join mart.dossier_open as o
        on a.source_code = o.source_code and a.last_day = o.as_of_date and d.dossier_id = o.dossier_id
)

select
    f.*,
    case
        when f.until_date > f.due_date
            then (
                select count(*)
                from core.working_day as w
                where w.is_working and w.day > f.due_date and w.day <= f.until_date
            )
        when f.until_date <= f.due_date then 0
    end as late_days,
    jsonb_build_object(
        'channel', f.channel,
        'is_digitized', f.is_digitized,
        'has_signed_result', f.has_signed_result,
        'first_late_days', case
            when f.until_date > f.first_due_date
                then (
                    select count(*)
                    from core.working_day as w
                    where w.is_working and w.day > f.first_due_date and w.day <= f.until_date
                )
        end,
        'left_out_rules', f.left_out_rules
    ) as facts
from fact as f
