-- grain: one row for each source with its known_at (T)
-- source: ops.source_clock

select
    c.source_code,
    c.known_at
from ops.source_clock as c
where c.known_at is not null
order by c.source_code
