-- grain: one row for each of the named views that exists: its quoted name
-- source: PostgreSQL's catalogue

select format('%I.%I', n.nspname, c.relname) as signature
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where c.relkind = 'v' and n.nspname || '.' || c.relname = any(:names)
order by signature
