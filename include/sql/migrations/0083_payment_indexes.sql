-- grain: one index a question of mart.payment_reconciliation_between, which asks for the payments of some days and for what belongs to them
-- source: include/sql/mart/functions/payment_reconciliation_between.sql
-- traps: the conditions are those of core.payment and of the function; whoever changes one of them changes the indexes

-- the payments of some days; one without a moment belongs to no day, and to the whole log alone
create index payment_version_moment_ix on core.payment_version (coalesce(paid_at, cast('-infinity' as timestamptz)))
where _is_current and _failed_rules is null and kind_code = 'PAY';

-- all tries of an order: a payment without MaThamChieu is an order of its own
create index payment_version_order_ix on core.payment_version (coalesce(order_code, _key), source_code)
where _is_current and _failed_rules is null and kind_code = 'PAY';

-- what of an order was given back
create index payment_version_refund_ix on core.payment_version (refunded_order_code, source_code)
where _is_current and _failed_rules is null and kind_code = 'REFUND' and status_code = 1 and refunded_order_code is not null;

-- the dossiers of some days that say they were paid online
create index dossier_paid_online_day_ix on mart.dossier (received_date) where is_counted and paid_online_code in (1, 2);

-- what the new indexes compute is counted, or PostgreSQL would guess how many payments have a moment or an order
analyze core.payment_version;
