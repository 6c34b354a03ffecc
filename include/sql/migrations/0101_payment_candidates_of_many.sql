-- grain: one statement a change; the trigger that notes candidates among payments follows the number of payments, whatever PostgreSQL expects
-- source: include/sql/queries/findings/double_payment.sql, transaction_without_dossier.sql
-- traps: as long as the first payments of a warehouse are not committed, PostgreSQL has not counted any that is in force. It expected one
--        payment with an order where there were hundreds of thousands, and compared each of them with each order, for hours. Of many
--        payments the lists are joined by hashing, whatever it expects

create or replace function ops.note_payment_candidates() returns trigger
language plpgsql
set enable_nestloop = on
as $$
declare
    paid text :=
        ' as r where r._is_current and r._failed_rules is null and r.kind_code in (''PAY'', ''REFUND'') '
        'and r.status_code = 1 and r.amount_vnd > 0';
    facts text :=
        'select r.source_code, r.file_date, r.file_revision, r._key, r._first_seen_at, r.kind_code, r.order_code, r.dossier_code from ';
    touched text := facts || 'row_after' || paid;
begin
    if (select count(*) from row_after) > 1000 then
        perform set_config('enable_nestloop', 'off', true); -- until the function ends
    end if;
    if tg_op = 'UPDATE' then
        touched := touched || ' except ' || facts || 'row_before' || paid;
    end if;
    -- planned anew each time: the plan for a small table would read all of a large one for each payment
    execute
        'with touched as materialized (' || touched || '), '
        'asked as (select distinct t.source_code, t.order_code from touched as t where t.kind_code = ''PAY'' and t.order_code is not null), '
        'repeated as ('
        'insert into ops.repeated_order (source_code, order_code) '
        'select v.source_code, v.order_code '
        'from core.payment_version as v inner join asked as a on v.source_code = a.source_code and v.order_code = a.order_code '
        'where v._is_current and v._failed_rules is null and v.kind_code = ''PAY'' and v.status_code = 1 and v.amount_vnd > 0 '
        'and v.order_code is not null '
        'and not exists (select 1 from ops.repeated_order as o where o.source_code = v.source_code and o.order_code = v.order_code) '
        'group by v.source_code, v.order_code having count(*) > 1) '
        'insert into ops.unknown_dossier (dossier_code) '
        'select distinct t.dossier_code from touched as t '
        'where t.dossier_code is not null '
        'and not exists (select 1 from mart.dossier as d where d.dossier_code = t.dossier_code) '
        'and not exists (select 1 from mart.dossier as d where d.other_dossier_code = t.dossier_code) '
        'and not exists (select 1 from ops.unknown_dossier as u where u.dossier_code = t.dossier_code)';
    -- what came beside an earlier load of payments
    if tg_op = 'UPDATE' then
        execute
            'delete from ops.unknown_dossier as u where u.unknown_dossier_id in ('
            'select k.unknown_dossier_id from ops.unknown_dossier as k '
            'where exists (select 1 from mart.dossier as d where d.dossier_code = k.dossier_code) '
            'or exists (select 1 from mart.dossier as d where d.other_dossier_code = k.dossier_code) '
            'for update skip locked)';
    end if;
    return null;
end
$$;
comment on function ops.note_payment_candidates is 'Notes in ops.repeated_order and ops.unknown_dossier what may be a finding about payments, of those that a statement brings into force';
