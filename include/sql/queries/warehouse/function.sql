-- grain: one row for each argument and column of each function of mart, which analysts call
-- source: PostgreSQL's catalogue
-- traps: the comment of a function has a line for each argument and column (`name: words`)

select
    p.proname as function_name,
    obj_description(p.oid, 'pg_proc') as words,
    pg_get_function_arguments(p.oid) as arguments,
    a.name as column_name,
    format_type(a.type, null) as type,
    a.mode in ('t', 'o') as is_given
from pg_proc as p
inner join pg_namespace as n on p.pronamespace = n.oid
cross join lateral unnest(p.proallargtypes, p.proargnames, cast(p.proargmodes as text [])) with ordinality
    as a (type, name, mode, position)
where n.nspname = 'mart'
order by p.proname, p.oid, a.position
