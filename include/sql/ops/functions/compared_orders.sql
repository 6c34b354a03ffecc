-- grain: one row for each order (a payment request with all its tries) that succeeded or is pending: what its comparison with its dossier
--        gives. Where the kept comparisons hold, of the changed orders alone; where not, of those with a try from `first_day` to the day
--        before `before`; null = no bound
-- source: core.payment, core.dossier_fee, mart.dossier, ops.source_clock, ops.changed_orders
-- traps: a dossier may be paid in several orders, so the sum of its orders is compared with its fees, and those of other days are read, too.
--        `state` is null where a clock decides it. PostgreSQL knows neither the asked days nor how few orders they have: it plans for some
--        ten. So what belongs to them is looked up as one sorted list of keys by an index, which costs a third of looking for each key by
--        itself, and the lists are joined by hashing: the settings of the function forbid to compare each row of a list with each row of
--        another, and to compare each row of a table with the whole list of keys

create or replace function ops.compared_orders(first_day date default null, before date default null)
returns table (
    source_code text,
    order_key text,
    dossier_code text,
    other_dossier_code text,
    unit_code text,
    day date,
    fee_vnd numeric,
    paid_vnd bigint,
    refunded_vnd bigint,
    success_count integer,
    receipt_numbers text,
    is_receipt_missing boolean,
    has_success boolean,
    has_dossier boolean,
    paid_at timestamptz,
    pending_at timestamptz,
    state text
)
language sql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_nestloop = off
as $$
with log as (
    select c.source_code
    from ops.source_clock as c
    inner join core.source_role as r on c.source_code = r.source_code
    where r.role = 'payments'
),

paid as not materialized (
    select
        p.source_code,
        coalesce(p.order_code, p._key) as order_key,
        p.dossier_code,
        p.unit_code,
        p.amount_vnd,
        p.method_code,
        p.receipt_number,
        p.paid_at,
        p.status_code,
        p.status_code = 1 as is_success
    from core.payment as p
    where p.kind_code = 'PAY'
),

-- the changed orders; or those with a try on the asked days, found among the payments of these days and of those beside them: the index has moments, no days
asked_order as materialized (
    select distinct
        p.source_code,
        p.order_key
    from (
        select
            d.source_code,
            d.order_key,
            cast(d.paid_at at time zone (select a.zone from core.authority as a) as date) as paid_date
        from paid as d
        where
            coalesce(d.paid_at, cast('-infinity' as timestamptz)) >= coalesce(cast(first_day as timestamptz) - interval '2 days', '-infinity')
            and coalesce(d.paid_at, cast('-infinity' as timestamptz)) <= coalesce(cast(before as timestamptz) + interval '2 days', 'infinity')
        offset 0
    ) as p
    inner join log as l on p.source_code = l.source_code
    where
        (before is null or p.paid_date < before) and (first_day is null or p.paid_date >= first_day)
        and not (select ops.is_reconciliation_kept())
    union
    select
        c.source_code,
        c.order_key
    from ops.changed_orders() as c
    inner join log as l on c.source_code = l.source_code
),

asked_attempt as materialized (
    select p.*
    from paid as p
    inner join asked_order as a on p.source_code = a.source_code and p.order_key = a.order_key
    where p.order_key = any(array(select x.order_key from asked_order as x))
),

-- the codes of the dossiers that these orders may belong to
asked_code as materialized (
    select distinct a.dossier_code
    from asked_attempt as a
    where a.dossier_code is not null
),

-- a dossier is named by MaHoSo or by MaHoSoKhac
asked_name as materialized (
    select
        d.dossier_code as code,
        false as is_other,
        d.dossier_id,
        d.dossier_code,
        d.other_dossier_code
    from mart.dossier as d
    where d.dossier_code = any(array(select c.dossier_code from asked_code as c))
    union all
    select
        d.other_dossier_code as code,
        true as is_other,
        d.dossier_id,
        d.dossier_code,
        d.other_dossier_code
    from mart.dossier as d
    where d.other_dossier_code = any(array(select c.dossier_code from asked_code as c))
),

wanted_code as materialized (
    select c.dossier_code as code
    from asked_code as c
    union
    select n.dossier_code as code
    from asked_name as n
    union
    select n.other_dossier_code as code
    from asked_name as n
    where n.other_dossier_code is not null
),

-- a dossier may be paid in several orders, so every order of such a dossier is read, whatever its day
other_order as materialized (
    select
        p.source_code,
        p.order_key
    from paid as p
    inner join log as l on p.source_code = l.source_code
    where p.dossier_code = any(array(select c.code from wanted_code as c))
    except
    select
        a.source_code,
        a.order_key
    from asked_order as a
),

attempt as (
    select a.*
    from asked_attempt as a
    union all
    select p.*
    from paid as p
    inner join other_order as o on p.source_code = o.source_code and p.order_key = o.order_key
    where p.order_key = any(array(select x.order_key from other_order as x))
),

orders as materialized (
    select
        a.source_code,
        a.order_key,
        min(a.unit_code) as unit_code,
        min(a.dossier_code) as dossier_code,
        coalesce(min(a.paid_at) filter (where a.is_success), min(a.paid_at)) as paid_at,
        max(a.paid_at) filter (where a.status_code = 3) as pending_at,
        count(*) filter (where a.is_success and a.amount_vnd > 0) as success_count,
        bool_or(a.is_success) as has_success,
        coalesce(sum(a.amount_vnd) filter (where a.is_success), 0) as paid_vnd,
        count(a.receipt_number) filter (where a.is_success and a.amount_vnd > 0) as receipt_count,
        bool_and(a.method_code = 'mien-phi') filter (where a.is_success) as is_exempt,
        string_agg(distinct a.receipt_number, ', ') filter (where a.is_success) as receipt_numbers
    from attempt as a
    group by a.source_code, a.order_key
    having bool_or(a.is_success) or bool_or(a.status_code = 3)
),

-- a try of another order may name a dossier that no asked order names
further_code as materialized (
    select o.dossier_code
    from orders as o
    where o.dossier_code is not null
    except
    select c.dossier_code
    from asked_code as c
),

further_name as (
    select
        d.dossier_code as code,
        false as is_other,
        d.dossier_id,
        d.dossier_code,
        d.other_dossier_code
    from mart.dossier as d
    where d.dossier_code = any(array(select c.dossier_code from further_code as c))
    union all
    select
        d.other_dossier_code as code,
        true as is_other,
        d.dossier_id,
        d.dossier_code,
        d.other_dossier_code
    from mart.dossier as d
    where d.other_dossier_code = any(array(select c.dossier_code from further_code as c))
),

-- the dossier of a code: by MaHoSo, else by MaHoSoKhac
named as materialized (
    select distinct on (n.code)
        n.code,
        n.dossier_id,
        n.dossier_code,
        n.other_dossier_code
    from (
        select
            a.code,
            a.is_other,
            a.dossier_id,
            a.dossier_code,
            a.other_dossier_code
        from asked_name as a
        union all
        select
            f.code,
            f.is_other,
            f.dossier_id,
            f.dossier_code,
            f.other_dossier_code
        from further_name as f
    ) as n
    order by n.code asc, n.is_other asc, n.dossier_id asc
),

placed as materialized (
    select
        o.*,
        n.dossier_id,
        n.dossier_code as found_code,
        n.other_dossier_code as found_other_code,
        cast(o.paid_at at time zone (select a.zone from core.authority as a) as date) as day,
        coalesce((
            select sum(f.amount_vnd)
            from core.payment as f
            where
                f.kind_code = 'REFUND' and f.status_code = 1
                and f.refunded_order_code is not null and f.refunded_order_code = o.order_key and f.source_code = o.source_code
        ), 0) as refunded_vnd
    from orders as o
    left join named as n on o.dossier_code = n.code
),

fee as materialized (
    select f.*
    from core.dossier_fee as f
    where
        f.dossier_id = any(
            array(
                select p.dossier_id
                from placed as p
                where p.dossier_id is not null
            )
        )
),

-- a dossier may be paid in several orders: at reception, at a supplement, at return
summed as (
    select
        p.*,
        sum(p.paid_vnd - case when p.success_count > 1 then p.paid_vnd - p.paid_vnd / p.success_count else 0 end)
            filter (where p.refunded_vnd < p.paid_vnd or p.paid_vnd = 0)
            over (partition by p.dossier_id) as dossier_paid_vnd,
        bool_or(coalesce(p.is_exempt, false)) over (partition by p.dossier_id) as is_dossier_exempt
    from placed as p
),

judged as (
    select
        s.source_code,
        s.order_key,
        coalesce(s.found_code, s.dossier_code) as dossier_code,
        s.found_other_code as other_dossier_code,
        s.unit_code,
        s.day,
        case when s.dossier_id is not null then coalesce(f.fee_vnd, 0) end as fee_vnd,
        cast(s.paid_vnd as bigint) as paid_vnd,
        cast(s.refunded_vnd as bigint) as refunded_vnd,
        cast(s.success_count as integer) as success_count,
        s.receipt_numbers,
        s.success_count > s.receipt_count as is_receipt_missing,
        s.has_success,
        s.dossier_id is not null as has_dossier,
        s.paid_at,
        s.pending_at,
        case
            when s.paid_vnd > 0 and s.refunded_vnd >= s.paid_vnd then 'refunded'
            when s.success_count > 1 then 'duplicate_success'
            when not s.has_success or s.dossier_id is null then null
            when s.is_dossier_exempt or s.dossier_paid_vnd = coalesce(f.fee_vnd, 0) then 'matched'
            else 'amount_differs'
        end as state
    from summed as s
    left join fee as f on s.dossier_id = f.dossier_id
)

select j.*
from judged as j
inner join asked_order as a on j.source_code = a.source_code and j.order_key = a.order_key -- others were read for the sum of their dossier
$$;
comment on function ops.compared_orders is 'What the comparison of orders with their dossiers gives: of the changed orders, or where nothing is kept of those of some days';
revoke execute on function ops.compared_orders(date, date) from public;
