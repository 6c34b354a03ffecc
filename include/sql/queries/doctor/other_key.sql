-- grain: one row: the newest load that landed under another privacy key than today's since the key was last changed (null: none)
-- source: ops.load, ops.audit
-- traps: a change of the key makes the hashes of before useless and leaves the marks of their loads

select max(load_id) as load_id
from ops.load
where
    manifest ->> 'privacy_key' <> :mark
    and started_at > coalesce((select max(happened_at) from ops.audit where action = 'privacy rotate'), '-infinity')
