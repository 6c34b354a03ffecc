-- grain: one row for each asked item, a payment, with the facts by which it counts
-- source: asked (the items of the statement around this one), core.payment_version, core.source
-- traps: no name, account or bank is read

select
    a.*,
    p.dossier_code,
    substring(p.procedure_code_full from '^[0-9]\.[0-9]{6}') as procedure_code,
    cast(null as text) as procedure_name,
    cast(p.paid_at at time zone cast(:zone as text) as date) as received_date,
    cast(null as date) as due_date,
    cast(null as date) as first_due_date,
    cast(null as date) as ended_date,
    cast(null as bigint) as late_days,
    p.kind_code as state,
    jsonb_build_object(
        'order_code', p.order_code,
        'status_code', p.status_code,
        'method_code', p.method_code,
        'amount_vnd', p.amount_vnd,
        'file_date', p.file_date,
        'file_revision', p.file_revision
    ) as facts
from asked as a
left join core.payment_version as p on a.source_code = p.source_code and a.item = p._key and p._is_current
