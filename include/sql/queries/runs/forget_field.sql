-- grain: one row for each field of a load that is older than `before`, and after which `newest` other loads of its entity came: removed
-- source: ops.load_field, ops.load, ops.extract
-- traps: a source that delivers once a year keeps its last loads, however old they are: without them no field that vanishes is noticed

with counted as (
    select
        l.load_id,
        row_number() over (partition by l.source_code, l.entity order by l.load_id desc) as position_from_last
    from ops.load as l
    where
        l.status = 'loaded'
        and exists (select 1 from ops.load_field as f where f.load_id = l.load_id and f.record_count > 0)
)

delete from ops.load_field as f
using ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
where
    f.load_id = l.load_id
    and coalesce(l.ended_at, e.ended_at, l.started_at) < cast(:before as timestamptz)
    and not exists (select 1 from counted as c where c.load_id = f.load_id and c.position_from_last <= :newest)
