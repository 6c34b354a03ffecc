-- grain: one row a dossier that says it was paid online, and no payment of it is known
-- source: mart.dossier, core.payment, core.payment_day, ops.source_clock; indicators.md §7
-- traps: looked for by MaHoSo and MaHoSoKhac; a dossier submitted before the first day of the payment log, or received after its T,
--        is not asked: the log cannot know it

with paid as (
    select distinct p.dossier_code
    from core.payment as p
    where p.kind_code = 'PAY' and p.status_code = 1 and p.amount_vnd > 0 and p.dossier_code is not null
),

log as (
    select
        c.known_at,
        (select min(y.file_date) from core.payment_day as y where y.source_code = c.source_code) as first_day
    from ops.source_clock as c
    where c.source_code = 'payments'
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object('paid_online_code', d.paid_online_code, 'other_dossier_code', d.other_dossier_code) as detail
from mart.dossier as d
cross join log as c
where
    d.is_counted
    and d.paid_online_code in (1, 2)
    and d.received_at < c.known_at
    and cast(coalesce(d.submitted_at, d.received_at) at time zone 'Asia/Ho_Chi_Minh' as date) >= c.first_day
    and not exists (select 1 from paid as p where p.dossier_code = d.dossier_code)
    and not exists (select 1 from paid as p where p.dossier_code = d.other_dossier_code)
