-- grain: one row for each dossier that says it was not paid online, although a payment of it is known
-- source: mart.dossier, core.payment; the opposite of paid_without_transaction
-- traps: only `truc-tuyen`; a dossier without a value about payment is no finding

with paid as (
    select
        p.dossier_code,
        cast(min(p.paid_at) at time zone (select a.zone from core.authority as a) as date) as event_date,
        sum(p.amount_vnd) as amount_vnd,
        jsonb_agg(p.order_code order by p.paid_at) as orders
    from core.payment as p
    where
        p.kind_code = 'PAY' and p.status_code = 1 and p.amount_vnd > 0
        and p.method_code = 'truc-tuyen' and p.dossier_code is not null
    group by p.dossier_code
),

matched as (
    select
        d.dossier_id,
        p.event_date,
        p.amount_vnd,
        p.orders
    from mart.dossier as d
    inner join paid as p on d.dossier_code = p.dossier_code
    where d.is_counted and d.paid_online_code = 0
    union all
    select
        d.dossier_id,
        p.event_date,
        p.amount_vnd,
        p.orders
    from mart.dossier as d
    inner join paid as p on d.other_dossier_code = p.dossier_code and d.dossier_code <> p.dossier_code
    where d.is_counted and d.paid_online_code = 0
),

one_each as (
    select distinct on (m.dossier_id) m.*
    from matched as m
    order by m.dossier_id asc, m.event_date asc
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    o.event_date,
    jsonb_build_object('amount_vnd', o.amount_vnd, 'orders', o.orders) as detail
from one_each as o
inner join mart.dossier as d on o.dossier_id = d.dossier_id
