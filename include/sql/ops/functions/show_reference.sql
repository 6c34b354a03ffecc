-- grain: each table of the reference data that has changed since a moment has the rows that were known then; returns the names of these tables
-- source: ops.reference_version
-- traps: it runs with the rights of its owner, since the loader may not write these tables. Its transaction can only be rolled back
--        (ops.past_shown), so nobody can make the past the present with it

create or replace function ops.show_reference(moment timestamptz) returns text []
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    name text;
    names text [] := array(
        select distinct v.table_name from ops.reference_version as v where v.learnt_at > $1 or v.ended_at > $1 order by 1
    );
begin
    insert into ops.past_shown (moment) values ($1);
    foreach name in array names loop
        execute format('delete from %s', name::regclass);
        execute format(
            'insert into %1$s select r.* from ops.reference_version as v cross join lateral jsonb_populate_record(null::%1$s, v.content) as r '
            'where v.table_name = $2 and v.learnt_at <= $1 and (v.ended_at is null or v.ended_at > $1)', name::regclass
        ) using $1, name;
    end loop;
    return names;
end
$$;
comment on function ops.show_reference is 'Puts the reference data back to what was known at a moment, in a transaction that can only be rolled back; returns the tables that differ';
revoke execute on function ops.show_reference(timestamptz) from public;
