-- grain: with `is_summed` one row for each order or dossier that does not match, and one or more for each payment log, unit and day with those
--        that match; else one row for each order, and for each dossier without one; for days from `first_day` to the day before `before`,
--        null = no bound
-- source: ops.reconciled_order, ops.compared_orders, core.payment, core.payment_day, core.dossier_fee, mart.dossier, ops.source_clock,
--         core.role_clock, core.own_unit
-- traps: an order without a dossier is pending as long as the payment is later than known_at (T) of the dossiers. PostgreSQL puts the text of
--        this function into that of the two that call it, because it has no settings and no rights of its own: theirs hold

create or replace function ops.reconciled_between(first_day date, before date, is_summed boolean)
returns table (
    source_code text,
    order_code text,
    dossier_code text,
    unit_code text,
    day date,
    fee_vnd numeric,
    paid_vnd bigint,
    refunded_vnd bigint,
    success_count integer,
    receipt_numbers text,
    is_receipt_missing boolean,
    state text,
    order_count bigint
)
language sql stable
as $$
with log as (
    select
        c.source_code,
        c.known_at,
        (
            select min(o.known_at)
            from core.role_clock as o
            inner join core.role_clock as p on o.root_code = p.root_code
            where o.role = 'dossiers' and p.role = 'payments' and p.source_code = c.source_code
        ) as dossiers_known_at
    from ops.source_clock as c
    inner join core.source_role as r on c.source_code = r.source_code
    where r.role = 'payments'
),

changed as materialized (
    select
        c.source_code,
        c.order_key
    from ops.changed_orders() as c
),

compared as (
    select k.*
    from ops.reconciled_order as k
    where
        (select ops.is_reconciliation_kept())
        and coalesce(k.day, cast('-infinity' as date)) >= coalesce(first_day, '-infinity')
        and coalesce(k.day, cast('-infinity' as date)) <= coalesce(before - 1, 'infinity')
        and not exists (select 1 from changed as c where c.order_key = k.order_key and c.source_code = k.source_code)
        and not (is_summed and coalesce(k.state, '') = 'matched' and not k.is_receipt_missing)
    union all
    select j.*
    from ops.compared_orders(first_day, before) as j
),

-- most orders match
matched as (
    select
        k.source_code,
        k.unit_code,
        k.day,
        sum(k.fee_vnd) as fee_vnd,
        cast(sum(k.paid_vnd) as bigint) as paid_vnd,
        cast(sum(k.refunded_vnd) as bigint) as refunded_vnd,
        count(*) as order_count
    from ops.reconciled_order as k
    where
        is_summed
        and (select ops.is_reconciliation_kept())
        and coalesce(k.day, cast('-infinity' as date)) >= coalesce(first_day, '-infinity')
        and coalesce(k.day, cast('-infinity' as date)) <= coalesce(before - 1, 'infinity')
        and not exists (select 1 from changed as c where c.order_key = k.order_key and c.source_code = k.source_code)
        and k.state = 'matched' and not k.is_receipt_missing
    group by k.source_code, k.unit_code, k.day
),

judged as (
    select
        o.source_code,
        o.order_key as order_code,
        o.dossier_code,
        o.unit_code,
        o.day,
        o.fee_vnd,
        o.paid_vnd,
        o.refunded_vnd,
        o.success_count,
        o.receipt_numbers,
        o.is_receipt_missing,
        case
            when o.state is not null then o.state
            when not o.has_success and o.pending_at < l.known_at - interval '3 days' then 'pending_over_3_days'
            when not o.has_success then 'pending'
            when o.paid_at < l.dossiers_known_at then 'transaction_without_dossier'
            else 'pending'
        end as state,
        1 as order_count
    from compared as o
    inner join log as l on o.source_code = l.source_code
    union all
    select
        m.source_code,
        cast(null as text) as order_code,
        cast(null as text) as dossier_code,
        m.unit_code,
        m.day,
        m.fee_vnd,
        m.paid_vnd,
        m.refunded_vnd,
        cast(null as integer) as success_count,
        cast(null as text) as receipt_numbers,
        false as is_receipt_missing,
        'matched' as state,
        m.order_count
    from matched as m
    inner join log as l on m.source_code = l.source_code
),

claimed as materialized (
    select
        d.dossier_id,
        d.dossier_code,
        d.other_dossier_code,
        d.unit_code,
        d.received_date,
        cast(coalesce(d.submitted_at, d.received_at) at time zone (select a.zone from core.authority as a) as date) as submitted_date
    from mart.dossier as d
    where
        d.is_counted
        and d.paid_online_code in (1, 2)
        -- every counted dossier has a day; without an `or` the index serves every plan
        and d.received_date < coalesce(before, 'infinity')
        and d.received_date >= coalesce(first_day, '-infinity')
),

claimed_and_paid as materialized (
    select distinct p.dossier_code
    from core.payment as p
    where
        p.kind_code = 'PAY' and p.status_code = 1 and p.amount_vnd > 0
        and p.dossier_code = any(
            array(
                select c.dossier_code
                from claimed as c
                union all
                select c.other_dossier_code
                from claimed as c
            )
        )
),

unpaid as materialized (
    select
        l.source_code,
        c.dossier_id,
        c.dossier_code,
        c.unit_code,
        c.received_date
    from log as l
    cross join claimed as c
    where
        exists (select 1 from core.payment_day as y where y.source_code = l.source_code and y.file_date = c.submitted_date)
        and not exists (select 1 from claimed_and_paid as p where p.dossier_code = c.dossier_code)
        and not exists (select 1 from claimed_and_paid as p where p.dossier_code = c.other_dossier_code)
),

fee as materialized (
    select f.*
    from core.dossier_fee as f
    where f.dossier_id = any(array(select u.dossier_id from unpaid as u))
)

select *
from judged as j
where
    (before is null or j.day < before) and (first_day is null or j.day >= first_day)
    and case when (select core.own_unit()) is null then true else j.unit_code = (select core.own_unit()) end
union all
select
    u.source_code,
    cast(null as text) as order_code,
    u.dossier_code,
    u.unit_code,
    u.received_date as day,
    coalesce(f.fee_vnd, 0) as fee_vnd,
    cast(0 as bigint) as paid_vnd,
    cast(0 as bigint) as refunded_vnd,
    0 as success_count,
    cast(null as text) as receipt_numbers,
    false as is_receipt_missing,
    'paid_without_transaction' as state,
    1 as order_count
from unpaid as u
left join fee as f on u.dossier_id = f.dossier_id
where case when (select core.own_unit()) is null then true else u.unit_code = (select core.own_unit()) end
$$;
comment on function ops.reconciled_between is 'Fees, payments and receipts of some days, by order or with the sums of those that match';
revoke execute on function ops.reconciled_between(date, date, boolean) from public;
