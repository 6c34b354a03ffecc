-- grain: one row for each file of which rows or sheets are no records, among those that the newest run with files of its entity loaded
-- source: ops.load (the manifest of its landing)
-- traps: a run that found nothing new has no loads, so the run before it is the newest one

with newest as (
    select
        source_code,
        entity,
        max(extract_id) as extract_id
    from ops.load
    where status = 'loaded' and file_name is not null
    group by source_code, entity
)

select
    l.source_code,
    l.entity,
    l.file_name,
    l.manifest -> 'left_alone' as left_alone
from ops.load as l
inner join newest as n on l.extract_id = n.extract_id and l.entity = n.entity
where
    l.status = 'loaded'
    and l.file_name is not null
    and l.manifest -> 'left_alone' <> '{}'
order by l.source_code, l.entity, l.load_id
