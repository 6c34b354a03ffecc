-- grain: one row for each rule of one load that found something
-- source: ops.check_result

select
    c.rule,
    c.action,
    c.phase,
    c.unexpected_count,
    c.message
from ops.check_result as c
where c.load_id = cast(:load as bigint) and not c.is_success
order by c.phase, c.rule
