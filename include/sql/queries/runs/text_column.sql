-- grain: one row for each table of the warehouse, with its columns that can hold a text
-- source: the catalogue of PostgreSQL
-- traps: names are quoted, so that they can stand in a statement; the parts of a partitioned table are tables, the whole is none

select
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as table_name,
    bool_or(a.attname = '_content_hash') as has_content_hash,
    coalesce(
        jsonb_agg(jsonb_build_array(quote_ident(a.attname), format_type(a.atttypid, null)) order by a.attnum) filter (
            where format_type(a.atttypid, null) in ('text', 'text[]', 'character varying', 'json', 'jsonb') and a.attgenerated = ''
        ),
        '[]'
    ) as columns
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid
where n.nspname in ('ops', 'staging', 'core', 'mart') and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
group by n.nspname, c.relname
order by n.nspname, c.relname
