-- grain: one row for each order whose comparison may be another one than was kept; none where nothing is kept
-- source: ops.reconciliation_change, core.payment_version, ops.reconciled_order
-- traps: a noted order concerns every dossier that one of its tries names, and a noted code every order that was compared with a dossier of that
--        code: it is kept with MaHoSo and MaHoSoKhac. An order that is not kept has changed itself, so it is noted. The lists of keys are
--        looked up as sorted lists by an index, and the settings forbid to read a whole table

create or replace function ops.changed_orders()
returns table (source_code text, order_key text)
language sql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_nestloop = off
as $$
with noted as materialized (
    select distinct
        c.source_code,
        c.order_key,
        c.dossier_code
    from ops.reconciliation_change as c
    where (select ops.is_reconciliation_kept())
),

noted_order as materialized (
    select distinct
        n.source_code,
        n.order_key
    from noted as n
    where n.order_key is not null
),

code as materialized (
    select n.dossier_code
    from noted as n
    where n.dossier_code is not null
    union
    select p.dossier_code
    from core.payment_version as p
    inner join noted_order as o on coalesce(p.order_code, p._key) = o.order_key and p.source_code = o.source_code
    where
        p._is_current and p._failed_rules is null and p.kind_code = 'PAY' and p.dossier_code is not null
        and coalesce(p.order_code, p._key) = any(array(select x.order_key from noted_order as x))
)

select
    o.source_code,
    o.order_key
from noted_order as o
union
select
    k.source_code,
    k.order_key
from ops.reconciled_order as k
where k.dossier_code = any(array(select c.dossier_code from code as c))
union
select
    k.source_code,
    k.order_key
from ops.reconciled_order as k
where k.other_dossier_code is not null and k.other_dossier_code = any(array(select c.dossier_code from code as c))
$$;
comment on function ops.changed_orders is 'Orders whose comparison may be another one than was kept in ops.reconciled_order';
revoke execute on function ops.changed_orders() from public;
