-- grain: what PostgreSQL lets every login do, and no reader of the warehouse needs, is taken away
-- source: docs/guides/roles.md
-- traps: large objects, and messages in the write-ahead log, fill the disk from a session that otherwise only reads. Only a superuser can
--        take these functions away: the owner of the embedded warehouse is one; docker-compose's job does it as the administrator; on a
--        server of somebody else its administrator runs this file in the database of the warehouse

do $$
declare
    act text;
begin
    if (select r.rolsuper from pg_roles as r where r.rolname = current_user) then
        for act in
            select p.oid::regprocedure::text
            from pg_proc as p
            where p.pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('public', p.oid, 'execute')
                and p.proname in (
                    'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lo_open', 'lowrite', 'lo_truncate', 'lo_truncate64',
                    'pg_logical_emit_message'
                )
        loop
            execute 'revoke execute on function pg_catalog.' || act || ' from public';
        end loop;
    end if;
end
$$;
