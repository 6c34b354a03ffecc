-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.payment; plan 53 T34 (6.1); indicators.md §4
-- traps: successful PAY above 0; double successes count twice; a later refund takes nothing away

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
