-- grain: one row for each counted item: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.dossier_version (newest, its papers); Decision 766, sharing with the citizen's store
-- traps: DuocLayTuKhoDMQG of a paper that was not deleted; the record does not say what is put into the store

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
