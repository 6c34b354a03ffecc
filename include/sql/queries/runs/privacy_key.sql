-- grain: one row for each privacy key under which loads landed, with the newest of them
-- source: ops.load
-- traps: loads of before keys were marked say nothing, and count for none

select
    manifest ->> 'privacy_key' as privacy_key,
    max(load_id) as load_id
from ops.load
where manifest ->> 'privacy_key' is not null
group by manifest ->> 'privacy_key'
order by load_id
