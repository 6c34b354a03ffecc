-- grain: one truth value: whether ops.reconciled_order holds, but for the orders that are noted as changed
-- source: ops.reconciliation_context, ops.reconciliation_change
-- traps: a note without an order and a code stands for every order, so nothing is kept until it is taken

create or replace function ops.is_reconciliation_kept()
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select
    exists (select 1 from ops.reconciliation_context as k where k.context = ops.reconciliation_context_now())
    and not exists (select 1 from ops.reconciliation_change as c where c.order_key is null and c.dossier_code is null)
$$;
comment on function ops.is_reconciliation_kept is 'Whether ops.reconciled_order holds, but for the orders that are noted as changed';
revoke execute on function ops.is_reconciliation_kept() from public;
