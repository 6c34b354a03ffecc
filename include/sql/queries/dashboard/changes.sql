-- grain: one row: how many rows of the warehouse have ever been written, so that any change of its data can be seen
-- source: pg_stat_user_tables
-- traps: PostgreSQL tells it some seconds late, and begins again from zero after a crash: compare whether it differs, not by how much

select coalesce(sum(t.n_tup_ins + t.n_tup_upd + t.n_tup_del), 0) as changes
from pg_stat_user_tables as t
where t.schemaname in ('ops', 'core', 'mart')
