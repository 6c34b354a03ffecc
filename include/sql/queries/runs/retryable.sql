-- grain: one row for each extract with loads to retry and each privacy key under which they landed, with the ids of those loads
-- source: ops.load, ops.extract, ops.quarantine
-- traps: the given loads; without them (null) the loads with open entries in quarantine

select
    e.extract_id,
    e.source_code,
    e.window_from,
    e.window_to,
    e.status,
    l.manifest ->> 'privacy_key' as privacy_key,
    array_agg(l.load_id order by l.load_id) as loads
from ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
where
    e.status in ('complete', 'blocked') and l.status in ('loaded', 'blocked', 'validated') and l.landing_path is not null
    and (
        l.load_id = any(cast(:load_ids as bigint []))
        or (
            cast(:load_ids as bigint []) is null
            and exists (
                select 1
                from ops.quarantine as q
                where q.load_id = l.load_id and q.action = 'quarantine' and q.resolved_at is null
            )
        )
    )
group by e.extract_id, l.manifest ->> 'privacy_key'
order by e.extract_id
