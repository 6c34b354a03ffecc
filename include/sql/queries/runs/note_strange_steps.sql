-- grain: one row of ops.load for each load of which more than half of the steps name dossiers that are not stored; it is noted there
-- source: looked_at_step (temporary: some steps of the loads), core.dossier_version, ops.load

update ops.load as l
set
    manifest = coalesce(l.manifest, cast('{}' as jsonb)) || jsonb_build_object(
        'strange_steps', jsonb_build_object('looked_at', c.looked_at, 'strange', c.strange, 'example', c.example)
    )
from (
    select
        s._load_id,
        count(*) as looked_at,
        count(*) filter (where not s.is_stored) as strange,
        min(s.dossier_code) filter (where not s.is_stored) as example
    from (
        select
            k.*,
            exists (select 1 from core.dossier_version as v where v.dossier_id = k.dossier_id and v._is_current) as is_stored
        from looked_at_step as k
    ) as s
    group by s._load_id
) as c
where l.load_id = c._load_id and c.strange * 2 > c.looked_at
