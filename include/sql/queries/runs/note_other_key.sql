-- grain: one row of ops.load for each load with dossiers whose code is stored under another key than theirs; it is noted there
-- source: staged_dossier (temporary: the staged dossiers of an entity whose key is another field than the code), core.dossier_version, ops.load
-- traps: the version in force is compared, so a source that gives a record another key is told once. Versions that were stored before their
--        key was kept have none

update ops.load as l
set
    manifest = coalesce(l.manifest, cast('{}' as jsonb)) || jsonb_build_object(
        'other_keys', jsonb_build_object('dossiers', c.dossiers, 'keys', c.keys, 'stored_keys', c.stored_keys, 'example', c.example)
    )
from (
    select
        s._load_id,
        count(distinct s.dossier_id) as dossiers,
        count(distinct s._delivered_key) as keys,
        count(distinct v._delivered_key) as stored_keys,
        min(s.dossier_code) as example
    from staged_dossier as s
    inner join core.dossier_version as v on s.dossier_id = v.dossier_id and v._is_current
    where s._delivered_key <> v._delivered_key
    group by s._load_id
) as c
where l.load_id = c._load_id
