-- grain: one row for each open entry of the quarantine, the newest first; of one source, rule or load, of some units
-- source: ops.quarantine
-- traps: of the record only its key, its unit and the names of its unreadable columns, no value: what cannot be read may be anything. A
--        record without a readable unit is shown to those alone who see every unit (`units` null)

select
    q.quarantine_id,
    q.load_id,
    q.source_code,
    q.entity,
    q.file,
    q.line,
    q.key,
    q.record ->> 'unit_code' as unit_code,
    q.rule,
    q.action,
    q.reason,
    (
        select string_agg(u.name, ', ' order by u.name)
        from (
            select jsonb_object_keys(q.record -> '_unreadable') as name
            where jsonb_typeof(q.record -> '_unreadable') = 'object'
        ) as u
    ) as unreadable_columns,
    q.first_seen_at
from ops.quarantine as q
where
    q.resolved_at is null
    and (cast(:source as text) is null or q.source_code = cast(:source as text))
    and (cast(:rule as text) is null or q.rule = cast(:rule as text))
    and (cast(:load as bigint) is null or q.load_id = cast(:load as bigint))
    and (cast(:units as text []) is null or q.record ->> 'unit_code' = any(cast(:units as text [])))
order by q.quarantine_id desc
