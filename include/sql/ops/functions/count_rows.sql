-- grain: no row: PostgreSQL counts the rows of one table of ours anew (`analyze`), so that it plans well what reads the table
-- source: cchc.warehouse.queries.count_rows
-- traps: it runs with the rights of its owner, because PostgreSQL passes over an `analyze` of somebody else's table with a mere warning;
--        who may call it is said by roles.sql. Temporary tables and those of a run are counted by who made them

create or replace function ops.count_rows(counted regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select 1 from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where c.oid = counted and c.relkind = 'r' and n.nspname in ('ops', 'core', 'mart')
    ) then
        raise exception '% is no table of ops, core or mart', counted;
    end if;
    execute format('analyze %s', counted);
end
$$;
comment on function ops.count_rows is 'Has PostgreSQL count the rows of a table of ops, core or mart anew, for whoever may not do it by itself';
revoke execute on function ops.count_rows(regclass) from public;
