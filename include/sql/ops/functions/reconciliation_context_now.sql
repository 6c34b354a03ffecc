-- grain: one text: all that the comparison of the orders depends on, beside the payments and the dossiers
-- source: core.authority, ops.source_clock, core.source_role, the texts of the views core.payment and core.dossier_fee and of the
--         functions that compare
-- traps: orders that were compared in another context are compared anew as a whole

create or replace function ops.reconciliation_context_now()
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    '|',
    (select a.zone from core.authority as a),
    (
        select string_agg(distinct c.source_code, ',' order by c.source_code)
        from ops.source_clock as c
        inner join core.source_role as r on c.source_code = r.source_code
        where r.role = 'payments'
    ),
    (
        select
            md5(
                string_agg(p.prosrc, '' order by p.prosrc)
                || pg_get_viewdef(cast('core.payment' as regclass))
                || pg_get_viewdef(cast('core.dossier_fee' as regclass))
            )
        from pg_proc as p
        where p.pronamespace = cast('ops' as regnamespace) and p.proname in ('compared_orders', 'changed_orders')
    )
)
$$;
comment on function ops.reconciliation_context_now is 'Zone, payment logs, and a hash of the rules by which orders are compared (ops.reconciliation_context)';
revoke execute on function ops.reconciliation_context_now() from public;
