-- grain: one row for each time that a citizen was erased
-- source: ops.erasure

select erased_at
from ops.erasure
