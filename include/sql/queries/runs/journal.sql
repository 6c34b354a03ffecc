-- grain: one row for each ended run with a number of at least `since`, of one source or of all, as its journal in the landing keeps it
-- source: ops.extract, ops.load, ops.coverage
-- traps: `follows` is the run that the source published before this one: so a run that is gone from the landing is missed by the next one

with published as (
    select
        extract_id,
        lag(extract_id) over (partition by source_code order by ended_at, extract_id) as follows
    from ops.extract
    where status in ('complete', 'withdrawn')
)

select
    e.source_code,
    e.extract_id,
    p.extract_id is not null as is_published,
    count(*) filter (where l.status = 'loaded') as loaded_count,
    count(l.landing_path) as landed_count,
    jsonb_build_object(
        'extract', to_jsonb(e) - 'message',
        'follows', p.follows,
        'loads',
        coalesce(jsonb_agg(to_jsonb(l) - array['manifest', 'message'] order by l.load_id) filter (where l.load_id is not null), '[]'),
        'coverage',
        coalesce((select jsonb_agg(to_jsonb(c) order by c.entity, c.to_at) from ops.coverage as c where c.extract_id = e.extract_id), '[]')
    ) as journal
from ops.extract as e
left join published as p on e.extract_id = p.extract_id
left join ops.load as l on e.extract_id = l.extract_id
where
    e.status <> 'running'
    and e.extract_id >= :since
    and e.source_code = coalesce(cast(:source as text), e.source_code)
group by e.extract_id, e.*, p.extract_id, p.follows
order by e.extract_id
