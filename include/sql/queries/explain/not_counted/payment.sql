-- grain: one row for each row of the payment log in the period: unit_code, counted_on, item, reason
-- source: core.payment_version, core.duplicate_record
-- counts: every row in force with a time in the period. The statement around this one takes away what the indicator's own SQL counts;
--        `reason` says of the others what they lack
-- traps: a reason is the first that applies

select
    p.unit_code,
    cast(p.paid_at at time zone cast(:zone as text) as date) as counted_on,
    p._key as item,
    case
        when p._failed_rules is not null then 'critical'
        when d.key is not null then 'duplicate_source'
        when coalesce(p.kind_code <> 'PAY', true) then 'no_payment'
        when coalesce(p.status_code <> 1, true) then 'not_successful'
        when not coalesce(p.amount_vnd > 0, false) then 'no_amount'
        else 'definition'
    end as reason
from core.payment_version as p
left join core.duplicate_record as d on d.model = 'payment' and p.source_code = d.source_code and p._key = d.key
where
    p.source_code = cast(:source as text)
    and p._is_current
    and p.paid_at >= cast(:start_at as timestamptz)
    and p.paid_at < cast(:end_at as timestamptz)
