-- grain: one row for each load of a run that noted a doubt of itself: steps of no stored dossier, codes that are used again, codes that
--        stand in records with different keys, codes that are stored under another key
-- source: ops.load (its manifest)

select
    source_code,
    entity,
    file_name,
    manifest -> 'strange_steps' as strange_steps,
    manifest -> 'reused_codes' as reused_codes,
    manifest -> 'shared_codes' as shared_codes,
    manifest -> 'other_keys' as other_keys
from ops.load
where
    extract_id = :extract_id
    and status = 'loaded'
    and jsonb_exists_any(manifest, array['strange_steps', 'reused_codes', 'shared_codes', 'other_keys'])
order by load_id
