-- grain: one row for each source that has a dossier with the code, or a record in quarantine with it
-- source: core.dossier_version, ops.quarantine, core.dossier_key, mart.dossier
-- traps: `entities` are the names that the profiles give to dossiers. A record without a readable change time or unit is stored, too; a record that was never stored stands in quarantine alone

select
    v.source_code,
    max(v.dossier_id) as dossier_id,
    true as is_stored
from core.dossier_version as v
where v.dossier_code = cast(:code as text) and v._is_current
group by v.source_code
union all
select distinct
    q.source_code,
    cast(null as bigint) as dossier_id,
    false as is_stored
from ops.quarantine as q
where
    q.source_code in (select r.source_code from core.source_role as r where r.role = 'dossiers')
    and q.entity = any(cast(:entities as text[]))
    and q.key = cast(:code as text)
    and not exists (
        select 1
        from core.dossier_version as v
        where v.dossier_code = cast(:code as text) and v._is_current and v.source_code = q.source_code
    )
order by is_stored desc, source_code asc
