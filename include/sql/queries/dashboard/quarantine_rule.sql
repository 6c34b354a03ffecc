-- grain: one row for each rule of a source and entity that open entries of the quarantine break; with `load` those of that load alone
-- source: ops.quarantine, core.source
-- traps: a record that several loads brought counts once, as in `cchc doctor`; the reason is in English and Vietnamese, with a dot between

select
    q.source_code,
    coalesce(s.name_vi, q.source_code) as source_name,
    q.entity,
    q.rule,
    q.action,
    count(distinct coalesce('key ' || q.key, q.file || ' ' || q.line)) as record_count,
    min(q.reason) as reason,
    min(q.first_seen_at) as since_at,
    max(q.load_id) as load_id
from ops.quarantine as q
left join core.source as s on q.source_code = s.source_code
where q.resolved_at is null and (cast(:load as bigint) is null or q.load_id = cast(:load as bigint))
group by q.source_code, s.name_vi, q.entity, q.rule, q.action
order by q.action, q.source_code, q.entity, q.rule
