-- grain: one row a session for which a session waits, directly or because of others that wait themselves
-- source: pg_locks, pg_stat_activity
-- traps: who may not look at the statements of others gets null for all but number and login. The number 0 stands for a prepared
--        transaction, which no session holds

with recursive waited_for as (
    select b.pid
    from unnest(pg_blocking_pids(cast(:pid as integer))) as b (pid)
    union
    select b.pid
    from waited_for as w
    cross join lateral unnest(pg_blocking_pids(w.pid)) as b (pid)
)

select
    w.pid,
    a.usename as login,
    a.application_name as program,
    cast(a.client_addr as text) as address,
    a.state,
    a.xact_start as since,
    a.query as statement
from waited_for as w
left join pg_stat_activity as a on w.pid = a.pid
where cardinality(pg_blocking_pids(w.pid)) = 0
order by a.xact_start, w.pid
