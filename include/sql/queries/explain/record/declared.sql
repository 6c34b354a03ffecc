-- grain: one row for each asked item, a declared figure, with its place in the workbook and its proof
-- source: asked (the items of the statement around this one), mart.declared_figure
-- traps: a unit declares one figure of an indicator for a month; the item names the file and the row

select
    a.*,
    cast(null as text) as dossier_code,
    cast(null as text) as procedure_code,
    cast(null as text) as procedure_name,
    f.month_start as received_date,
    cast(null as date) as due_date,
    cast(null as date) as first_due_date,
    f.approved_date as ended_date,
    cast(null as bigint) as late_days,
    case when f.is_approved then 'approved' when not f.is_approved then 'not_approved' end as state,
    jsonb_build_object(
        'file_name', f.file_name,
        'file_line', f.file_line,
        'file_revision', f.file_revision,
        'proof_sign', f.proof_sign,
        'proof_date', f.proof_date,
        'proof_document_code', f.proof_document_code,
        'first_seen_at', f.first_seen_at
    ) as facts
from asked as a
left join mart.declared_figure as f
    on
        a.named_code = f.unit_code
        and cast(:code as text) = f.indicator_code
        and f.month_start = cast(date_trunc('month', a.last_day) as date)
