-- grain: one row of ops.reference_version for each row of the named tables that is another one than was kept; returns how many are new
-- source: the tables of the reference data (cchc.reference.history)
-- traps: the first states of a warehouse hold from ever, because its data may be older than itself. A clock that went back makes nothing
--        earlier than what is kept already: two states of one row must never hold at one moment

create or replace function ops.keep_reference(names text [], moment timestamptz) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    name text;
    ends timestamptz := greatest(moment, (select max(greatest(v.learnt_at, v.ended_at)) from ops.reference_version as v));
    since timestamptz := case when exists (select 1 from ops.reference_version) then ends else '-infinity' end;
    added bigint;
    total bigint := 0;
begin
    foreach name in array names loop
        execute format(
            'update ops.reference_version as v set ended_at = $1 where v.table_name = $2 and v.ended_at is null '
            'and not exists (select 1 from %s as t where to_jsonb(t) = v.content)', name::regclass
        ) using ends, name;
        execute format(
            'insert into ops.reference_version (table_name, content, learnt_at) select $2, to_jsonb(t), $1 from %s as t '
            'where not exists (select 1 from ops.reference_version as v '
            'where v.table_name = $2 and v.ended_at is null and v.content = to_jsonb(t))', name::regclass
        ) using since, name;
        get diagnostics added = row_count;
        total := total + added;
    end loop;
    return total;
end
$$;
comment on function ops.keep_reference is 'Keeps the rows of the named tables as they are from a moment on, for what was known at a past moment; returns how many states are new';
revoke execute on function ops.keep_reference(text [], timestamptz) from public;
