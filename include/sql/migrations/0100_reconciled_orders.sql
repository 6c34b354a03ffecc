-- grain: one statement a change; what the comparison of an order with its dossier gave, kept so that a year is not compared anew each time
-- source: include/sql/ops/functions/compared_orders.sql
-- traps: triggers note which order or code of a dossier a statement touches, whoever makes it. They only add rows, so no load waits for
--        another one, and a reader compares what is noted anew (ops.changed_orders). A statement that touches more than 10,000 of them is
--        one note about everything, and so is each statement as long as nothing is kept: a first load pays nothing. Nothing is a key of
--        ops.reconciled_order: an erasure replaces texts, and two of them may become equal

create table ops.reconciled_order (
    source_code text not null,
    order_key text not null,
    dossier_code text,
    other_dossier_code text,
    unit_code text,
    day date,
    fee_vnd bigint,
    paid_vnd bigint not null,
    refunded_vnd bigint not null,
    success_count integer not null,
    receipt_numbers text,
    is_receipt_missing boolean not null,
    has_success boolean not null,
    has_dossier boolean not null,
    paid_at timestamptz,
    pending_at timestamptz,
    state text
);
create index reconciled_order_key_ix on ops.reconciled_order (order_key, source_code);
create index reconciled_order_dossier_ix on ops.reconciled_order (dossier_code);
create index reconciled_order_other_ix on ops.reconciled_order (other_dossier_code) where other_dossier_code is not null;
create index reconciled_order_day_ix on ops.reconciled_order (coalesce(day, cast('-infinity' as date)));
-- the few that do not match
create index reconciled_order_open_ix on ops.reconciled_order (coalesce(day, cast('-infinity' as date)))
where coalesce(state, '') <> 'matched' or is_receipt_missing;
comment on table ops.reconciled_order is 'One row an order of the payment log that succeeded or is pending: what its comparison gave when it was last made (docs/performance.md)';
comment on column ops.reconciled_order.source_code is 'Payment log';
comment on column ops.reconciled_order.order_key is 'MaThamChieu; the key of a row without one';
comment on column ops.reconciled_order.dossier_code is 'MaHoSo of the dossier; where none is known, as the order names it';
comment on column ops.reconciled_order.other_dossier_code is 'MaHoSoKhac of the dossier';
comment on column ops.reconciled_order.unit_code is 'Collecting unit';
comment on column ops.reconciled_order.day is 'Local date of the first success, else of the first try';
comment on column ops.reconciled_order.fee_vnd is 'Fees of the dossier; null without one';
comment on column ops.reconciled_order.paid_vnd is 'Successful payments of the order';
comment on column ops.reconciled_order.refunded_vnd is 'Given back';
comment on column ops.reconciled_order.success_count is 'Successful payments above 0';
comment on column ops.reconciled_order.receipt_numbers is 'Receipts';
comment on column ops.reconciled_order.is_receipt_missing is 'A success above 0 without a receipt';
comment on column ops.reconciled_order.has_success is 'Whether a try succeeded';
comment on column ops.reconciled_order.has_dossier is 'Whether a dossier has the code';
comment on column ops.reconciled_order.paid_at is 'Moment of the first success, else of the first try';
comment on column ops.reconciled_order.pending_at is 'Moment of the last try that is pending';
comment on column ops.reconciled_order.state is 'As mart.payment_reconciliation.state, where no clock decides it; else null';

create table ops.reconciliation_change (
    source_code text,
    order_key text,
    dossier_code text
);
comment on table ops.reconciliation_change is 'One row or more an order or code of a dossier that has changed since the orders were last compared; no order and no code = every order';
comment on column ops.reconciliation_change.source_code is 'Payment log of the order';
comment on column ops.reconciliation_change.order_key is 'MaThamChieu; the key of a row without one';
comment on column ops.reconciliation_change.dossier_code is 'MaHoSo or MaHoSoKhac';

create table ops.reconciliation_context (
    context text not null,
    compared_at timestamptz not null
);
comment on table ops.reconciliation_context is 'One row when orders are kept: what else their comparison depends on';
comment on column ops.reconciliation_context.context is 'Zone, payment logs, and a hash of the rules (ops.reconciliation_context_now)';
comment on column ops.reconciliation_context.compared_at is 'When orders were last compared';

create function ops.note_reconciliation_change() returns trigger
language plpgsql
as $$
declare
    -- the facts of a row that a comparison reads
    facts text := case tg_table_schema || '.' || tg_table_name
        when 'core.payment_version' then
            'select r.source_code, r._key, r.kind_code, r.order_code, r.dossier_code, r.unit_code, r.amount_vnd, r.method_code, '
            'r.receipt_number, r.paid_at, r.status_code, r.refunded_order_code from %s as r '
            'where r._is_current and r._failed_rules is null and r.kind_code in (''PAY'', ''REFUND'')'
        when 'mart.dossier' then
            'select r.dossier_id, r.dossier_code, r.other_dossier_code from %s as r'
        when 'core.dossier_version' then
            'select r.dossier_id, r.fees from %s as r where r._is_current and r.fees is not null'
        when 'core.duplicate_record' then
            'select r.source_code, r.key from %s as r where r.model = ''payment'''
    end;
    -- the orders and codes that these facts belong to
    named text := case tg_table_schema || '.' || tg_table_name
        when 'core.payment_version' then
            'select t.source_code, case when t.kind_code = ''PAY'' then coalesce(t.order_code, t._key) else t.refunded_order_code end '
            'as order_key, case when t.kind_code = ''PAY'' then t.dossier_code end as dossier_code from touched as t'
        when 'mart.dossier' then
            'select null as source_code, null as order_key, t.dossier_code from touched as t '
            'union all select null, null, t.other_dossier_code from touched as t'
        when 'core.dossier_version' then
            'select null as source_code, null as order_key, d.dossier_code '
            'from touched as t inner join mart.dossier as d on t.dossier_id = d.dossier_id'
        when 'core.duplicate_record' then
            'select p.source_code, case when p.kind_code = ''PAY'' then coalesce(p.order_code, p._key) else p.refunded_order_code end '
            'as order_key, case when p.kind_code = ''PAY'' then p.dossier_code end as dossier_code '
            'from touched as t inner join core.payment_version as p on t.source_code = p.source_code and t.key = p._key and p._is_current'
    end;
    touched text;
begin
    if tg_op = 'TRUNCATE' or not exists (select 1 from ops.reconciliation_context) then
        insert into ops.reconciliation_change (source_code, order_key, dossier_code) values (null, null, null);
        return null;
    end if;
    touched := case tg_op
        when 'INSERT' then format(facts, 'row_after')
        when 'DELETE' then format(facts, 'row_before')
        else
            '(' || format(facts, 'row_before') || ' except all ' || format(facts, 'row_after') || ') union all ('
            || format(facts, 'row_after') || ' except all ' || format(facts, 'row_before') || ')'
    end;
    -- planned anew each time: the plan for a few rows would look for each of many by itself
    execute
        'with touched as (' || touched || '), '
        'named as materialized ('
        'select distinct n.source_code, n.order_key, n.dossier_code from (' || named || ') as n '
        'where n.order_key is not null or n.dossier_code is not null limit 10001), '
        'counted as (select count(*) as how_many from named) '
        'insert into ops.reconciliation_change (source_code, order_key, dossier_code) '
        'select n.source_code, n.order_key, n.dossier_code from named as n where (select c.how_many from counted as c) <= 10000 '
        'union all select null, null, null from counted as c where c.how_many > 10000';
    return null;
end
$$;
comment on function ops.note_reconciliation_change is 'Notes in ops.reconciliation_change which orders and codes of dossiers a statement touches';

create trigger reconciliation_insert after insert on core.payment_version
referencing new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_update after update on core.payment_version
referencing old table as row_before new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_delete after delete on core.payment_version
referencing old table as row_before
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_truncate after truncate on core.payment_version
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_insert after insert on mart.dossier
referencing new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_update after update on mart.dossier
referencing old table as row_before new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_delete after delete on mart.dossier
referencing old table as row_before
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_truncate after truncate on mart.dossier
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_insert after insert on core.dossier_version
referencing new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_update after update on core.dossier_version
referencing old table as row_before new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_delete after delete on core.dossier_version
referencing old table as row_before
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_truncate after truncate on core.dossier_version
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_insert after insert on core.duplicate_record
referencing new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_update after update on core.duplicate_record
referencing old table as row_before new table as row_after
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_delete after delete on core.duplicate_record
referencing old table as row_before
for each statement execute function ops.note_reconciliation_change();

create trigger reconciliation_truncate after truncate on core.duplicate_record
for each statement execute function ops.note_reconciliation_change();
