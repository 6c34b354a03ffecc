-- grain: one row: whether an order may be another one than was kept
-- source: ops.reconciliation_change, ops.is_reconciliation_kept

select exists (select 1 from ops.reconciliation_change) or not ops.is_reconciliation_kept() as is_stale
