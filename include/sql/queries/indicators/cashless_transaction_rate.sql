-- grain: one row for each successful payment: unit_code, counted_on, item, is_numerator
-- source: core.payment; plan 53, target T34 (section 6.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every successful payment of more than 0 dong (PAY, TrangThaiGD 1). The numerator is those paid by
--        truc-tuyen, the, qr or chuyen-khoan
-- clocks: the time of payment lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: an order that was paid twice counts twice. A later refund does not take a payment away. A payment of an unknown method is in
--        the denominator alone

select
    p.unit_code,
    cast(p.paid_at at time zone cast(:zone as text) as date) as counted_on,
    p._key as item,
    coalesce(p.method_code in ('truc-tuyen', 'the', 'qr', 'chuyen-khoan'), false) as is_numerator
from core.payment as p
where
    p.source_code = cast(:source as text)
    and p.kind_code = 'PAY'
    and p.status_code = 1
    and p.amount_vnd > 0
    and p.paid_at >= cast(:start_at as timestamptz)
    and p.paid_at < cast(:end_at as timestamptz)
