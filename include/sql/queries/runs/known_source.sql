-- grain: one row for each source that ever brought a load, whether it has a profile or not
-- source: ops.load
-- traps: loads of before keys were marked do not say that they made hashes

select
    source_code,
    bool_or(manifest ->> 'privacy_key' is not null) as is_marked
from ops.load
group by source_code
order by source_code
