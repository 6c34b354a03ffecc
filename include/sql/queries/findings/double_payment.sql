-- grain: one row for each order (MaThamChieu) with two successful payments or more
-- source: core.payment, mart.dossier, ops.repeated_order (may be one)
-- traps: the month and unit are those of the dossier if it is known, else of the payment. A refund does not clear the finding;
--        `detail.is_refunded` reports it

-- orders are counted before the facts of their payments are read: all that counts here is in the index payment_version_paid_ix
with good as not materialized (
    select p.*
    from core.payment as p
    where p.kind_code = 'PAY' and p.status_code = 1 and p.amount_vnd > 0 and p.order_code is not null
),

repeated as (
    select
        c.source_code,
        c.order_code
    from (select distinct o.source_code, o.order_code from ops.repeated_order as o) as c
    cross join lateral (
        select count(*) as payment_count
        from good as g
        where g.source_code = c.source_code and g.order_code = c.order_code
        having count(*) >= 2
    ) as p
),

paid as (
    select
        p.source_code,
        p.order_code,
        min(p.dossier_code) as dossier_code,
        min(p.unit_code) as unit_code,
        cast(max(p.paid_at) at time zone (select a.zone from core.authority as a) as date) as event_date,
        count(*) as payment_count,
        sum(p.amount_vnd) as amount_vnd,
        jsonb_agg(p.transaction_code order by p.paid_at) as transactions
    from repeated as r
    -- one look into the index for each of these few orders
    cross join lateral (
        select g.*
        from good as g
        where g.source_code = r.source_code and g.order_code = r.order_code
        order by g.order_code
        offset 0
    ) as p
    group by p.source_code, p.order_code
),

known as (
    select distinct on (p.source_code, p.order_code)
        p.*,
        d.unit_code as dossier_unit_code,
        coalesce(d.finished_date, d.received_date) as dossier_day,
        exists (
            select 1
            from core.payment as r
            where r.source_code = p.source_code and r.kind_code = 'REFUND' and r.status_code = 1 and r.refunded_order_code = p.order_code
        ) as is_refunded
    from paid as p
    left join mart.dossier as d on p.dossier_code = d.dossier_code
    order by p.source_code asc, p.order_code asc, d.is_counted desc nulls last, d.dossier_id asc
)

select
    k.source_code,
    coalesce(k.dossier_unit_code, k.unit_code) as unit_code,
    coalesce(k.dossier_day, k.event_date) as month_day,
    k.order_code as item,
    k.dossier_code,
    k.event_date,
    jsonb_build_object(
        'payment_count', k.payment_count, 'amount_vnd', k.amount_vnd, 'transactions', k.transactions, 'is_refunded', k.is_refunded
    ) as detail
from known as k
