-- grain: one row for each hash that was made with the old key
-- source: collected_hash (temporary), bind value (the secret, which nobody keeps)
-- traps: equal ones stay equal, and no guess can be tested; a hash of ours has 32 hex digits

create temp table old_hash on commit drop as
select
    c.old,
    left(encode(sha256(convert_to(cast(:secret as text) || c.old, 'UTF8')), 'hex'), 32) as new
from collected_hash as c
