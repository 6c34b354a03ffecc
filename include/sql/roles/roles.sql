-- grain: one role for each kind of use: cchc_loader writes, cchc_analyst reads mart and core, cchc_dashboard reads mart alone, cchc_unit
--        reads mart, of single dossiers those of its unit alone; cchc_loader_login is the login of all tasks, a member of cchc_loader;
--        cchc_web is the login of the dashboard's pages, which read what an analyst reads, and the state of the loads
--        cchc_reader is the login of `cchc sql`, by which operators read everything and change nothing
-- source: docs/guides/roles.md
-- traps: roles are made without login; `cchc user add` makes logins that are members of one of them, `cchc init`
--        gives cchc_loader_login, cchc_web and cchc_reader their passwords. core holds no personal data, but
--        keyed hashes of identity numbers (applicant_key): analysts see core without that column, and without the numbers of keys
--        (_delivered_key), by which a guess of a key could be tested. The tables of staging belong to the
--        loader that made them; an owner that is no superuser becomes a member of the loader, so that it can read and drop them

do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'cchc_loader') then
        create role cchc_loader nologin;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'cchc_loader_login') then
        create role cchc_loader_login nologin;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'cchc_analyst') then
        create role cchc_analyst nologin;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'cchc_dashboard') then
        create role cchc_dashboard nologin;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'cchc_web') then
        create role cchc_web nologin;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'cchc_reader') then
        create role cchc_reader nologin;
    end if;
    if not exists (select 1 from pg_roles where rolname = 'cchc_unit') then
        create role cchc_unit nologin;
    end if;
    execute format('grant connect on database %I to cchc_loader, cchc_analyst, cchc_dashboard, cchc_unit, cchc_reader', current_database());
    execute format('grant temporary on database %I to cchc_loader', current_database()); -- what a load compares stands in temporary tables
    -- for all installations on this server: a statement that changes nothing still locks the role, so it is run where it is missing
    if not pg_has_role('cchc_loader_login', 'cchc_loader', 'member') then
        grant cchc_loader to cchc_loader_login;
    end if;
    if not pg_has_role(current_user, 'cchc_loader_login', 'usage') then
        execute format('grant cchc_loader_login to %I', current_user);
    end if;
end
$$;

-- the loader writes what comes from sources and what is computed from it. What says how it is counted, and who may see what, `cchc init`
-- and `cchc user` write as the owner. Tables of a run are the loader's own, so it may empty and drop them; no other table it may truncate
grant usage, create on schema staging to cchc_loader;
grant usage on schema ops, core, mart to cchc_loader;
grant select, insert, update, delete on all tables in schema ops, core, mart to cchc_loader;
grant select on all tables in schema staging to cchc_loader;
revoke truncate on all tables in schema ops, staging, core, mart from cchc_loader;
revoke insert, update, delete on all tables in schema staging from cchc_loader;
grant usage, select on all sequences in schema ops, core, mart to cchc_loader;
do $$
declare
    relation text;
begin
    foreach relation in array array[
        'ops.account', 'ops.applied_file', 'ops.erasure', 'ops.migration', 'ops.reference_file', 'ops.reference_version',
        'core.authority', 'core.declaration', 'core.finding_kind', 'core.indicator', 'core.plan', 'core.plan_change', 'core.plan_target',
        'core.scope_name', 'core.source', 'core.source_role', 'core.unit', 'core.unit_on_day', 'core.unit_version', 'core.waived_rule',
        'core.working_day'
    ] loop
        if to_regclass(relation) is not null then
            execute 'revoke insert, update, delete on ' || relation || ' from cchc_loader';
        end if;
    end loop;
    if to_regprocedure('ops.count_rows(regclass)') is not null then
        grant execute on function ops.count_rows(regclass) to cchc_loader;
    end if;
    -- a refresh keeps what the comparison of orders gave
    if to_regprocedure('ops.compared_orders(date, date)') is not null then
        grant execute on function ops.reconciliation_context_now() to cchc_loader;
        grant execute on function ops.is_reconciliation_kept() to cchc_loader;
        grant execute on function ops.changed_orders() to cchc_loader;
        grant execute on function ops.compared_orders(date, date) to cchc_loader;
    end if;
    if to_regprocedure('ops.show_reference(timestamptz)') is not null then
        grant execute on function ops.show_reference(timestamptz) to cchc_loader;
    end if;
    -- tables of runs that the owner has made: by an earlier version, or by a restore
    for relation in
        select format('%s staging.%I', case c.relkind when 'v' then 'view' else 'table' end, c.relname)
        from pg_class as c
        where c.relnamespace = 'staging'::regnamespace and c.relkind in ('r', 'v') and c.relname ~ '^(good_)?extract_[0-9]+__'
            and c.relowner = (select r.oid from pg_roles as r where r.rolname = current_user)
    loop
        execute 'alter ' || relation || ' owner to cchc_loader';
    end loop;
end
$$;
alter default privileges for role cchc_loader_login in schema staging grant select on tables to cchc_reader;
-- the audit log is only added to, by its function; old rows are removed (the trigger of the table refuses the others). What is published is
-- never changed, and an edition begins by a function alone (the triggers of these tables hold for the owner too). An older warehouse gets
-- both with its migrations
do $$
begin
    if to_regclass('ops.audit') is not null and to_regproc('ops.audited') is not null then
        revoke insert, update on ops.audit from cchc_loader;
        revoke insert, update, delete on ops.audit_category from cchc_loader;
        grant execute on function ops.audited(text, text, text, text) to cchc_loader, cchc_web;
    end if;
    if to_regproc('ops.publish_edition') is not null then
        revoke insert, update, delete on mart.publication from cchc_loader;
        revoke update, delete on
            mart.publication_value, mart.publication_item, mart.publication_unit, mart.publication_report, mart.publication_bundle
        from cchc_loader;
        grant execute on function ops.publish_edition(
            text, text, date, date, integer, jsonb, jsonb, jsonb, jsonb, text, text, text, timestamptz, text
        ) to cchc_loader;
    end if;
end
$$;

grant usage on schema core, mart, ops to cchc_analyst;
grant select on all tables in schema core, mart to cchc_analyst;
grant select on ops.load, ops.extract, ops.source_clock, ops.check_result, ops.secret_count, ops.load_field to cchc_analyst;
do $$
begin
    if to_regclass('ops.drift') is not null then  -- a warehouse of before has not made its views yet
        grant select on ops.drift to cchc_analyst;
    end if;
end
$$;

-- every relation of core that has the keyed hash of a person, also one that a later migration adds
do $$
declare
    relation text;
begin
    for relation in
        select c.table_name
        from information_schema.columns as c
        where c.table_schema = 'core' and c.column_name = 'applicant_key'
    loop
        execute 'revoke select on core.' || quote_ident(relation) || ' from cchc_analyst';
        execute (
            select
                'grant select (' || string_agg(quote_ident(c.column_name), ', ' order by c.ordinal_position)
                || ') on core.' || quote_ident(relation) || ' to cchc_analyst'
            from information_schema.columns as c
            where c.table_schema = 'core' and c.table_name = relation and c.column_name not in ('applicant_key', '_delivered_key')
        );
    end loop;
end
$$;

grant usage on schema mart to cchc_dashboard, cchc_unit;
grant select on all tables in schema mart to cchc_dashboard, cchc_unit;

-- the dossiers behind the form's cells, of every unit: a login of a unit has the form, and its own dossiers in mart.dossier
revoke execute on function mart.form_06a_dossier(text, date, text, text) from public;
grant execute on function mart.form_06a_dossier(text, date, text, text) to cchc_loader, cchc_analyst, cchc_dashboard;

grant cchc_analyst to cchc_web;
grant usage on schema ops to cchc_web; -- for ops.audited: who looked at single dossiers is noted before they are shown

-- what the pages show of the loads; a table that an older warehouse does not have yet is granted when it is there
do $$
declare
    relation text;
begin
    foreach relation in array array['account', 'coverage', 'dirty_month', 'missing_key', 'quarantine', 'source_rewind', 'migration'] loop
        if to_regclass('ops.' || relation) is not null then
            execute 'grant select on ops.' || quote_ident(relation) || ' to cchc_web';
        end if;
    end loop;
end
$$;

grant usage on schema ops, staging, core, mart to cchc_reader;
grant select on all tables in schema ops, staging, core, mart to cchc_reader;
alter default privileges in schema ops, staging, core, mart grant select on tables to cchc_reader;
grant execute on function mart.form_06a_dossier(text, date, text, text) to cchc_reader;
