-- grain: one row for each order or dossier that does not match, and one row for each unit, day and state of those that match or may still
-- source: mart.payment_reconciliation_sums_between
-- traps: the sum of a dossier is known only when all its orders are, whatever their days. An order that matches and lacks its receipt does
--        not match

with judged as (
    select
        r.*,
        r.state not in ('matched', 'pending') or r.is_receipt_missing as is_open
    from mart.payment_reconciliation_sums_between(cast(:first as date), cast(:before as date)) as r
),

named as (
    select
        j.*,
        case when j.is_open then j.order_code end as open_order_code,
        case when j.is_open then j.dossier_code end as open_dossier_code
    from judged as j
)

select
    n.source_code,
    n.state,
    n.unit_code,
    n.day,
    n.is_open,
    n.is_receipt_missing,
    n.open_order_code as order_code,
    n.open_dossier_code as dossier_code,
    cast(sum(n.order_count) as bigint) as order_count,
    sum(n.fee_vnd) as fee_vnd,
    sum(n.paid_vnd) as paid_vnd,
    sum(n.refunded_vnd) as refunded_vnd
from named as n
group by n.source_code, n.state, n.unit_code, n.day, n.is_open, n.is_receipt_missing, n.open_order_code, n.open_dossier_code
order by n.day, n.unit_code, n.open_order_code, n.open_dossier_code
