-- grain: one row for each act that is older than its category is kept: removed
-- source: ops.audit, ops.audit_category
-- traps: the trigger of the table refuses every younger row

delete from ops.audit as a
using ops.audit_category as c
where a.category = c.category and a.happened_at < now() - make_interval(days => c.keep_days)
