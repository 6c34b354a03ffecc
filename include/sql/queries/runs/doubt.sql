-- grain: one row for each load of a run that noted a doubt of itself: steps of no stored dossier, codes that are used again, codes that
--        stand in records with different keys, codes that are stored under another key, and what an earlier list, day or workbook had and
--        this one lacks
-- source: ops.load (its manifest)

select
    source_code,
    entity,
    file_name,
    manifest -> 'strange_steps' as strange_steps,
    manifest -> 'reused_codes' as reused_codes,
    manifest -> 'shared_codes' as shared_codes,
    manifest -> 'other_keys' as other_keys,
    manifest -> 'ended_entries' as ended_entries,
    manifest -> 'absent_keys' as absent_keys,
    manifest -> 'lost_payments' as lost_payments,
    manifest -> 'withdrawn_figures' as withdrawn_figures
from ops.load
where
    extract_id = :extract_id
    and status = 'loaded'
    and jsonb_exists_any(
        manifest,
        array[
            'strange_steps', 'reused_codes', 'shared_codes', 'other_keys', 'ended_entries', 'absent_keys', 'lost_payments', 'withdrawn_figures'
        ]
    )
order by load_id
