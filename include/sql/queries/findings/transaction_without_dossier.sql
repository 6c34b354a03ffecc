-- grain: one row for each successful payment or refund above 0 whose dossier is not known
-- source: core.payment, mart.dossier, core.role_clock, core.authority, ops.unknown_dossier (may be one)
-- traps: a dossier that is deleted or left out is still known; payments after known_at of the dossiers are not checked yet

with dossiers as (
    select min(r.known_at) as known_at
    from core.role_clock as r
    inner join core.authority as a on r.root_code = a.root_code
    where r.role = 'dossiers'
),

candidate as (
    select p.*
    from (select distinct u.dossier_code from ops.unknown_dossier as u) as c
    -- one look into the index for each of these few codes
    cross join lateral (select x.* from core.payment as x where x.dossier_code = c.dossier_code order by x.dossier_code offset 0) as p
    union all
    select p.*
    from core.payment as p
    where p.dossier_code is null
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
from candidate as p
cross join dossiers as c
where
    p.kind_code in ('PAY', 'REFUND')
    and p.status_code = 1
    and p.amount_vnd > 0
    and p.paid_at < c.known_at
    and not exists (select 1 from mart.dossier as d where d.dossier_code = p.dossier_code)
    and not exists (select 1 from mart.dossier as d where d.other_dossier_code = p.dossier_code)
