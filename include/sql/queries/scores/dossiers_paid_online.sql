-- grain: one row for each received dossier with a fee: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.dossier_version (the newest, for its fees); Decision 766, online payment
-- counts: the denominator is every dossier received in the period with a fee of more than 0 dong. The numerator is those that were paid
--        online by their record (1 national portal, 2 gateway)
-- clocks: the time of reception lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier)
-- traps: the record of the dossier decides, not the log of payments

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    coalesce(d.paid_online_code in (1, 2), false) as is_numerator
from mart.dossier as d
inner join core.dossier_version as v on d.dossier_id = v.dossier_id and v._is_current
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
    and exists (
        select 1
        from jsonb_array_elements(coalesce(v.fees, cast('[]' as jsonb))) as f (item)
        where cast(f.item ->> 'amount_vnd' as bigint) > 0
    )
