-- grain: as mart.payment_reconciliation, for days from `first_day` to the day before `before`; null = no bound
-- source: core.payment, core.payment_day, core.dossier_version, mart.dossier, ops.source_clock, core.role_clock, core.own_unit
-- traps: an order is a payment request with all its attempts. A dossier may be paid in several orders, so the sum of its orders is
--        compared with its fees, and those of other days are read, too. An order without a dossier is pending as long as the payment is
--        later than known_at (T) of the dossiers. Readers without rights on core call it, so it runs with the rights of its owner. A login
--        of a unit sees the rows of its unit alone (docs/guides/roles.md). PostgreSQL knows neither the asked days nor how few orders they
--        have: it plans for some ten. So what belongs to them is looked up as one sorted list of keys by an index, which costs a third of
--        looking for each key by itself, and the lists are joined by hashing: the settings of the function forbid to compare each row of
--        a list with each row of another, and to compare each row of a table with the whole list of keys

create or replace function mart.payment_reconciliation_between(first_day date default null, before date default null)
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
    state text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_nestloop = off
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
    union all
    select j.*
    from ops.compared_orders(first_day, before) as j
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
        end as state
    from compared as o
    inner join log as l on o.source_code = l.source_code
    where (before is null or o.day < before) and (first_day is null or o.day >= first_day)
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
    select
        v.dossier_id,
        sum((select sum(cast(f.item ->> 'amount_vnd' as bigint)) from jsonb_array_elements(v.fees) as f (item))) as fee_vnd
    from core.dossier_version as v
    where
        v._is_current and v.fees is not null
        and v.dossier_id = any(array(select u.dossier_id from unpaid as u))
    group by v.dossier_id
)

select *
from judged as j
where case when (select core.own_unit()) is null then true else j.unit_code = (select core.own_unit()) end
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
    'paid_without_transaction' as state
from unpaid as u
left join fee as f on u.dossier_id = f.dossier_id
where case when (select core.own_unit()) is null then true else u.unit_code = (select core.own_unit()) end
$$;
comment on function mart.payment_reconciliation_between is 'Fees, payments and receipts of the days that are asked for: the rows of mart.payment_reconciliation, without the work for the other days | Đối soát thanh toán của các ngày được hỏi
first_day: First day; null = from the beginning | Ngày đầu
before: Day after the last; null = to the end | Ngày sau ngày cuối
source_code: Payment log | Nguồn
order_code: MaThamChieu; the key of a row without one; null for a dossier without a transaction | Mã tham chiếu
dossier_code: MaHoSo | Mã hồ sơ
unit_code: Collecting unit; handling unit of a dossier without a transaction | Đơn vị
day: Local date of the first success, else of the first try; else of the reception | Ngày
fee_vnd: Fees of the dossier; null where it is not known | Phí, lệ phí của hồ sơ
paid_vnd: Successful payments of the order | Số tiền đã trả
refunded_vnd: Given back | Số tiền hoàn
success_count: Successful payments above 0 | Số lần thành công
receipt_numbers: Receipts | Số biên lai
is_receipt_missing: A success above 0 without a receipt | Thiếu biên lai
state: matched, amount_differs, paid_without_transaction, transaction_without_dossier, duplicate_success, pending_over_3_days, refunded; pending: young, or its dossier may still come | Trạng thái';
