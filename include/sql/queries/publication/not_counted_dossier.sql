-- grain: one row for each dossier that no indicator counts when its period is frozen: deleted_dossier, left_out_dossier
-- source: mart.dossier
-- traps: they later give the reason why a dossier counts: it was restored, or no longer breaks a critical rule

insert into item_now (indicator_code, basis, unit_code, item, is_numerator)
select
    case when d.deleted_at is null then 'left_out_dossier' else 'deleted_dossier' end as indicator_code,
    'period' as basis,
    d.unit_code,
    d.dossier_code as item,
    true as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and not d.is_counted
    and (d.received_at is null or d.received_at < cast(:end_at as timestamptz))
    -- another source has the same dossier: its record counts, or gives the reason why it does not
    and d.left_out_reason is distinct from 'duplicate_source'
    and not exists (select 1 from mart.dossier as c where c.dossier_code = d.dossier_code and c.is_counted)
order by d.dossier_code
