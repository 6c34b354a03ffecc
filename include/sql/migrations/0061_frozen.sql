-- grain: one statement a change; what is published cannot be changed; an edition begins by ops.publish_edition alone
-- source: cchc.publication.freeze, cchc.bundle.freeze
-- traps: the triggers hold for the owner of the tables and for superusers too. `cchc privacy rotate` and `cchc privacy erase` replace hashes
--        of persons in items: they open the tables for their transaction (cchc.opens_publications), which works for the owner alone

create function ops.keep_published() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('cchc.opens_publications', true) = 'on'
        and (select pg_has_role(c.relowner, 'usage') from pg_class as c where c.oid = tg_relid)
    then
        return null;
    end if;
    if tg_op = 'UPDATE' then
        if not exists (select 1 from added) then
            return null;
        end if;
    elsif tg_op = 'INSERT' then
        if not exists (
            select 1 from added as a
            where not exists (
                select 1 from mart.publication as p where p.publication_id = a.publication_id and p.xmin = xid(pg_current_xact_id())
            )
        ) then
            return null;
        end if;
        raise exception 'an edition gets its % when it is published, and never afterwards', tg_table_name using errcode = 'insufficient_privilege';
    end if;
    raise exception 'what is published is never changed: % of %.% is refused', lower(tg_op), tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
comment on function ops.keep_published is 'Refuses every change of what is published, and rows of an edition that come after its own transaction';

do $$
declare
    name text;
begin
    foreach name in array array[
        'publication', 'publication_value', 'publication_item', 'publication_unit', 'publication_report', 'publication_bundle'
    ] loop
        -- after the statement: a statement that changes no row is let through, so one that looks for hashes everywhere is not refused
        execute format(
            'create trigger keep_updated after update on mart.%I referencing new table as added for each statement '
            'execute function ops.keep_published()', name
        );
        execute format('create trigger keep_deleted before delete on mart.%I for each statement execute function ops.keep_published()', name);
        execute format('create trigger keep_whole before truncate on mart.%I for each statement execute function ops.keep_published()', name);
        if name <> 'publication' then
            execute format(
                'create trigger keep_added after insert on mart.%I referencing new table as added for each statement '
                'execute function ops.keep_published()', name
            );
        end if;
    end loop;
end
$$;
