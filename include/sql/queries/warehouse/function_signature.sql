-- grain: one row for each of the named functions that exists: its quoted name with its arguments
-- source: PostgreSQL's catalogue

select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as signature
from pg_proc as p
inner join pg_namespace as n on p.pronamespace = n.oid
where n.nspname || '.' || p.proname = any(:names)
order by signature
