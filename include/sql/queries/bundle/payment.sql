-- grain: one row for each payment transaction in the days that a publication counts
-- source: core.payment
-- traps: the amount is not needed, only whether there is one

select
    p.source_code,
    p._key as payment_key,
    p.unit_code,
    p.kind_code,
    p.status_code,
    p.amount_vnd > 0 as has_amount,
    p.method_code,
    cast(p.paid_at at time zone cast(:zone as text) as date) as paid_date
from core.payment as p
where
    p.source_code = cast(:source as text)
    and p.paid_at >= cast(:start_at as timestamptz)
    and p.paid_at < cast(:end_at as timestamptz)
