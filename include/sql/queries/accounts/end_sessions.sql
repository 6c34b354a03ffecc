-- grain: one row for each session of a login that is ended
-- source: PostgreSQL's sessions
-- traps: only an administrator, or who has the rights of the login, may end them; a session that stays has no right any more

select pg_terminate_backend(s.pid)
from pg_stat_activity as s
where s.usename = :user and pg_has_role(s.usesysid, 'usage')
