-- grain: one row for each dossier whose end equals its due to the second
-- source: mart.dossier
-- traps: the due is the one that holds for the end. Ends that were set to the due in bulk look like this

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.finished_date as event_date,
    jsonb_build_object('finished_at', d.finished_at, 'due_at', d.due_at, 'changed_at', d._changed_at) as detail
from mart.dossier as d
where
    d.is_counted and date_trunc('second', d.finished_at) = date_trunc('second', d.due_at)
    -- these two are the conditions of the index dossier_end_at_due_ix
    and d.finished_at - d.due_at > interval '-1 minute'
    and d.finished_at - d.due_at < interval '1 minute'
