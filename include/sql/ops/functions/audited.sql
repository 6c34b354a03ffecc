-- grain: one row of ops.audit: an act that must be accounted for
-- source: cchc.warehouse.audit, ops.publish_edition
-- traps: it runs with the rights of its owner, and the time and the login are those of the database, so who may call it cannot choose them;
--        who may is said by roles.sql

create or replace function ops.audited(category text, action text, subject text, by_whom text) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
insert into ops.audit (happened_at, category, action, subject, by_whom, database_login)
values (clock_timestamp(), $1, $2, left($3, 2000), left($4, 200), session_user)
$$;
comment on function ops.audited is 'Adds a row to ops.audit; the time and the login are those of the database';
revoke execute on function ops.audited(text, text, text, text) from public;
