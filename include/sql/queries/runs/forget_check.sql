-- grain: one row for each rule that a load has passed and whose load is older than `before`: removed
-- source: ops.check_result, ops.load, ops.extract
-- traps: what failed stays, however old it is: it says why rows were set aside or a load was blocked

delete from ops.check_result as c
using ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
where
    c.load_id = l.load_id
    and c.is_success
    and coalesce(l.ended_at, e.ended_at, l.started_at) < cast(:before as timestamptz)
