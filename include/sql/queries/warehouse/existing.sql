-- grain: one row for each of the named views and functions that exists
-- source: PostgreSQL's catalogue

select n.nspname || '.' || c.relname as made
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where c.relkind = 'v' and n.nspname || '.' || c.relname = any(:names)
union
select n.nspname || '.' || p.proname as made
from pg_proc as p
inner join pg_namespace as n on p.pronamespace = n.oid
where n.nspname || '.' || p.proname = any(:names)
