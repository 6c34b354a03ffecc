-- grain: one row for each dossier that was paid online by its record although no payment of it is known
-- source: mart.dossier, core.payment, core.payment_day
-- traps: payments are searched by MaHoSo and MaHoSoKhac. A dossier submitted on a day whose payment file is not loaded yet is not
--        checked

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object('paid_online_code', d.paid_online_code, 'other_dossier_code', d.other_dossier_code) as detail
from mart.dossier as d
where
    d.is_counted
    and d.paid_online_code in (1, 2)
    and exists (
        select 1
        from core.payment_day as y
        where
            y.source_code in (select r.source_code from core.source_role as r where r.role = 'payments')
            and y.file_date = cast(coalesce(d.submitted_at, d.received_at) at time zone (select a.zone from core.authority as a) as date)
    )
    -- with an offset it stays one look into an index for each of these few dossiers
    and not exists (
        select 1
        from core.payment as p
        where
            p.kind_code = 'PAY' and p.status_code = 1 and p.amount_vnd > 0
            and p.dossier_code in (d.dossier_code, d.other_dossier_code)
        order by p.dossier_code
        offset 0
    )
