-- grain: one row of ops.reconciled_order for each order that has changed since the orders were last compared; of every order, where nothing is
--        kept or all else that a comparison depends on has changed
-- source: ops.compared_orders, ops.changed_orders
-- traps: one statement, so that the notes that it takes are those whose orders it compares. A load that commits meanwhile leaves its own

with changed as materialized (
    select
        c.source_code,
        c.order_key
    from ops.changed_orders() as c
),

taken as (
    delete from ops.reconciliation_change
),

replaced as (
    delete from ops.reconciled_order as k
    using changed as c
    where k.order_key = c.order_key and k.source_code = c.source_code
),

cleared as (
    delete from ops.reconciled_order
    where not (select ops.is_reconciliation_kept())
),

former as (
    delete from ops.reconciliation_context
),

noted as (
    insert into ops.reconciliation_context (context, compared_at)
    select
        ops.reconciliation_context_now() as context,
        cast(:now as timestamptz) as compared_at
)

insert into ops.reconciled_order (
    source_code, order_key, dossier_code, other_dossier_code, unit_code, day, fee_vnd, paid_vnd, refunded_vnd,
    success_count, receipt_numbers, is_receipt_missing, has_success, has_dossier, paid_at, pending_at, state
)
select
    j.source_code,
    j.order_key,
    j.dossier_code,
    j.other_dossier_code,
    j.unit_code,
    j.day,
    j.fee_vnd,
    j.paid_vnd,
    j.refunded_vnd,
    j.success_count,
    j.receipt_numbers,
    j.is_receipt_missing,
    j.has_success,
    j.has_dossier,
    j.paid_at,
    j.pending_at,
    j.state
from ops.compared_orders() as j
