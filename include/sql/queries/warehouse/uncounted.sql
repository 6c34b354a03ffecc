-- grain: one row for each of some tables that PostgreSQL has not counted, or of which more than a share of the rows changed since it did
-- source: pg_stat_user_tables, pg_class
-- traps: a table that was never counted has -1 rows. PostgreSQL tells what a transaction changed at its end only where it is asked to

select cast(cast(c.oid as regclass) as text) as name
from unnest(cast(:tables as text[])) as t (name)
inner join pg_class as c on c.oid = cast(t.name as regclass)
left join pg_stat_user_tables as s on c.oid = s.relid
where c.reltuples < 0 or coalesce(s.n_mod_since_analyze, 0) > c.reltuples * cast(:share as double precision)
order by 1
