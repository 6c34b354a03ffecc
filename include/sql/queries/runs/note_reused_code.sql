-- grain: one row of ops.load for each load with dossiers that were received after an earlier version of them had ended; it is noted there
-- source: changed_dossier_key (temporary: dossiers whose versions changed), core.dossier_version, ops.load
-- traps: a dossier that is opened again keeps its reception; one with a new reception after its end is presumably another dossier

update ops.load as l
set
    manifest = coalesce(l.manifest, cast('{}' as jsonb))
    || jsonb_build_object('reused_codes', jsonb_build_object('dossiers', c.dossiers, 'example', c.example))
from (
    select
        v._load_id,
        count(*) as dossiers,
        min(v.dossier_code) as example
    from changed_dossier_key as k
    inner join core.dossier_version as v on k.dossier_id = v.dossier_id and v._is_current
    where
        exists (
            select 1
            from core.dossier_version as o
            where
                o.dossier_id = v.dossier_id
                and not o._is_current
                and o.status_code in (7, 8, 9, 10)
                and coalesce(o.processed_at, o.returned_at) < v.received_at
        )
    group by v._load_id
) as c
where l.load_id = c._load_id
