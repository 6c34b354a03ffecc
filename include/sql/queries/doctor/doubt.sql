-- grain: one row for each loaded load that noted a doubt of itself, among those of the newest run that brought records of its entity, and
--        those that began at `since` or later
-- source: ops.load (its manifest)
-- traps: a load that was withdrawn is not loaded; a run without records says nothing, so the run before it is the newest one. The loads are
--        found before their manifests are read, which may be long

with newest as (
    select
        source_code,
        entity,
        max(extract_id) as extract_id
    from ops.load
    where status = 'loaded' and landed > 0
    group by source_code, entity
),

recent as materialized (
    select l.load_id
    from ops.load as l
    inner join newest as n on l.source_code = n.source_code and l.entity = n.entity
    where l.status = 'loaded' and (l.extract_id = n.extract_id or l.started_at >= :since)
)

select
    l.load_id,
    l.source_code,
    l.entity,
    l.file_name,
    l.started_at,
    l.manifest -> 'strange_steps' as strange_steps,
    l.manifest -> 'reused_codes' as reused_codes,
    l.manifest -> 'shared_codes' as shared_codes,
    l.manifest -> 'other_keys' as other_keys,
    l.manifest -> 'ended_entries' as ended_entries,
    l.manifest -> 'absent_keys' as absent_keys,
    l.manifest -> 'lost_payments' as lost_payments,
    l.manifest -> 'withdrawn_figures' as withdrawn_figures
from recent as r
inner join ops.load as l on r.load_id = l.load_id
where
    jsonb_exists_any(
        l.manifest,
        array[
            'strange_steps', 'reused_codes', 'shared_codes', 'other_keys', 'ended_entries', 'absent_keys', 'lost_payments', 'withdrawn_figures'
        ]
    )
order by l.source_code, l.entity, l.load_id
