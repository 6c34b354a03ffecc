-- grain: one row for each received dossier: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.dossier_version (the newest, for its papers); Decision 766, sharing with the citizen's store
-- counts: the denominator is every dossier received in the period. The numerator is those with a paper taken from the citizen's store
--        (DuocLayTuKhoDMQG) that is not deleted
-- clocks: the time of reception lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier)
-- traps: the record does not say what was put into the store, so only what was taken from it counts

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    exists (
        select 1
        from jsonb_array_elements(coalesce(v.papers, cast('[]' as jsonb))) as p (item)
        where
            cast(p.item ->> 'is_from_store' as boolean)
            and not coalesce(cast(p.item ->> 'is_deleted' as boolean), false)
    ) as is_numerator
from mart.dossier as d
inner join core.dossier_version as v on d.dossier_id = v.dossier_id and v._is_current
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
