-- grain: one row for each table and view of some schemas, with its comment and its primary key
-- source: PostgreSQL's catalogue

select
    c.oid,
    n.nspname as schema,
    c.relname as name,
    cast(c.relkind as text) as kind,
    obj_description(c.oid, 'pg_class') as words,
    (
        select string_agg(a.attname, ', ' order by k.position)
        from pg_index as i
        cross join lateral unnest(cast(i.indkey as smallint [])) with ordinality as k (number, position)
        inner join pg_attribute as a on c.oid = a.attrelid and k.number = a.attnum
        where i.indrelid = c.oid and i.indisprimary
    ) as primary_key
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname = any(:schemas) and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
order by n.nspname, c.relname
