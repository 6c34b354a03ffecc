-- grain: one row: whether a view, a column of it, or a function exists
-- source: PostgreSQL's catalogue

select exists (
    select 1
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind = 'v' and n.nspname || '.' || c.relname = :made
        and (
            cast(:column_name as text) is null
            or exists (select 1 from pg_attribute as a where a.attrelid = c.oid and a.attname = :column_name and not a.attisdropped)
        )
) or (cast(:column_name as text) is null and exists (
    select 1
    from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
    where n.nspname || '.' || p.proname = :made
))
