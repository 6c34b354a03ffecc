-- grain: one row of ops.load for each load of which more than half of the steps name dossiers that are not stored; it is noted there
-- source: staged_dossier_step (temporary: the staged steps of an entity), core.dossier_version, ops.load

update ops.load as l
set
    manifest = coalesce(l.manifest, cast('{}' as jsonb)) || jsonb_build_object(
        'strange_steps', jsonb_build_object('looked_at', c.looked_at, 'strange', c.strange, 'example', c.example)
    )
from (
    select
        s._load_id,
        count(*) as looked_at,
        count(*) filter (where v.dossier_id is null) as strange,
        min(s.dossier_code) filter (where v.dossier_id is null) as example
    from staged_dossier_step as s
    left join core.dossier_version as v on s.dossier_id = v.dossier_id and v._is_current
    where s.dossier_id is not null
    group by s._load_id
) as c
where l.load_id = c._load_id and c.strange * 2 > c.looked_at
