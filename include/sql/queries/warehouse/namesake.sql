-- grain: one row for each of the named functions that exists with several lists of arguments
-- source: PostgreSQL's catalogue

select n.nspname || '.' || p.proname as made
from pg_proc as p
inner join pg_namespace as n on p.pronamespace = n.oid
where n.nspname || '.' || p.proname = any(:names)
group by n.nspname, p.proname
having count(*) > 1
order by made
