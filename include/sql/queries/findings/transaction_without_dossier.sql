-- grain: one row for each successful payment or refund above 0 whose dossier is not known
-- source: core.payment, mart.dossier, ops.source_clock
-- traps: a dossier that is deleted or left out is still known; payments after known_at of the dossiers are not checked yet

with dossiers as (
    select min(r.known_at) as known_at
    from core.role_clock as r
    inner join core.authority as a on r.root_code = a.root_code
    where r.role = 'dossiers'
)

select
    p.source_code,
    p.unit_code,
    cast(p.paid_at at time zone (select a.zone from core.authority as a) as date) as month_day,
    coalesce(p.order_code, p._key) as item,
    p.dossier_code,
    cast(p.paid_at at time zone (select a.zone from core.authority as a) as date) as event_date,
    jsonb_build_object(
        'amount_vnd', p.amount_vnd, 'kind', p.kind_code, 'method', p.method_code,
        'transaction_code', p.transaction_code, 'receipt_number', p.receipt_number
    ) as detail
from core.payment as p
cross join dossiers as c
where
    p.kind_code in ('PAY', 'REFUND')
    and p.status_code = 1
    and p.amount_vnd > 0
    and p.paid_at < c.known_at
    and not exists (select 1 from mart.dossier as d where d.dossier_code = p.dossier_code)
    and not exists (select 1 from mart.dossier as d where d.other_dossier_code = p.dossier_code)
