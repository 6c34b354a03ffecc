-- grain: one text: the hash of the rules by which open dossiers are judged in a time zone
-- source: the texts of core.dossier_open_of and of the view core.dossier_step
-- traps: days that were judged by other rules are judged anew as a whole

create or replace function ops.open_dossier_rule(zone text)
returns text
language sql stable
as $$
select md5(concat(
    (
        select p.prosrc
        from pg_catalog.pg_proc as p
        where p.oid = cast('core.dossier_open_of' as regproc)
    ),
    pg_catalog.pg_get_viewdef(cast('core.dossier_step' as regclass)),
    zone
))
$$;
comment on function ops.open_dossier_rule is 'Hash of the rules by which open dossiers are judged in a time zone (ops.open_dossier_day)';
