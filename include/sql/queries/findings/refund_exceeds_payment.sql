-- grain: one row for each order (MaThamChieuGoc) of which more was given back than was paid
-- source: core.payment, core.authority
-- traps: successful refunds and payments of all sources count, whenever they happened. An order that no payment names is paid with 0: it
--        may be of before the first day of the log, or of a file that has not come. The row goes when the payment comes. The month and
--        unit are those of the last refund

with refund as (
    select
        r.refunded_order_code,
        count(*) as refund_count,
        sum(r.amount_vnd) as refunded_vnd,
        max(r.paid_at) as refunded_at,
        jsonb_agg(r.transaction_code order by r.paid_at, r._key) as refunds,
        (array_agg(r.source_code order by r.paid_at desc, r._key asc))[1] as source_code,
        (array_agg(r.unit_code order by r.paid_at desc, r._key asc))[1] as unit_code,
        (array_agg(r.dossier_code order by r.paid_at desc, r._key asc))[1] as dossier_code
    from core.payment as r
    where r.kind_code = 'REFUND' and r.status_code = 1 and r.refunded_order_code is not null and r.amount_vnd > 0
    group by r.refunded_order_code
)

select
    r.source_code,
    r.unit_code,
    cast(r.refunded_at at time zone (select a.zone from core.authority as a) as date) as month_day,
    r.refunded_order_code as item,
    r.dossier_code,
    cast(r.refunded_at at time zone (select a.zone from core.authority as a) as date) as event_date,
    jsonb_build_object(
        'refund_count', r.refund_count, 'refunded_vnd', r.refunded_vnd, 'paid_vnd', p.paid_vnd, 'payment_count', p.payment_count,
        'refunds', r.refunds
    ) as detail
from refund as r
-- one look into the index payment_version_order_ix for each of these few orders
cross join lateral (
    select
        count(*) as payment_count,
        coalesce(sum(g.amount_vnd), 0) as paid_vnd
    from core.payment as g
    where
        coalesce(g.order_code, g._key) = r.refunded_order_code
        and g.kind_code = 'PAY'
        and g.status_code = 1
        and g.amount_vnd > 0
) as p
where r.refunded_vnd > p.paid_vnd
