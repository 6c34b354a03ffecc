-- grain: one row for each asked item, a work file, with the facts by which it counts
-- source: asked (the items of the statement around this one), core.work_file_version

select
    a.*,
    cast(null as text) as dossier_code,
    cast(null as text) as procedure_code,
    cast(null as text) as procedure_name,
    cast(w.opened_at at time zone cast(:zone as text) as date) as received_date,
    cast(null as date) as due_date,
    cast(null as date) as first_due_date,
    cast(w.closed_at at time zone cast(:zone as text) as date) as ended_date,
    cast(null as bigint) as late_days,
    w.handling_code as state,
    jsonb_build_object('secrecy_code', w.secrecy_code, 'is_special', w.is_special) as facts
from asked as a
left join core.work_file_version as w on a.source_code = w.source_code and a.item = w.work_file_code and w._is_current
