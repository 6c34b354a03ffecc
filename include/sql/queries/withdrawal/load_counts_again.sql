-- grain: one row for each load of a withdrawal: it counts again
-- source: ops.withdrawn_load

update ops.load as l
set status = 'loaded'
from ops.withdrawn_load as w
where w.withdrawal_id = cast(:withdrawal_id as bigint) and l.load_id = w.load_id
