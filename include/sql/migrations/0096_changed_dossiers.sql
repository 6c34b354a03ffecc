-- grain: one statement a change; which dossiers have changed since an edition, so that its items are compared for these alone
-- source: cchc.publication.changed_dossiers
-- traps: triggers note each changed dossier, whoever makes the change, under the newest edition that there is. A closing keeps every load,
--        withdrawal and change of units, calendar and plan out until it ends (cchc.pipeline.close), so a change that an edition has not
--        seen is noted under that edition or a later one. Without an edition nothing is noted, so a first load pays nothing. Triggers only
--        add rows, so no load waits for another one. Items are counted by the days of reception and of the end, before and after the
--        change: the earliest of them tells which periods the dossier may concern. The row of an edition with an empty code stands for
--        every dossier

create table ops.changed_dossier (
    after_publication_id bigint not null,
    dossier_code text not null,
    first_date date not null
);
create index changed_dossier_ix on ops.changed_dossier (after_publication_id, dossier_code);
create index changed_dossier_first_ix on ops.changed_dossier (first_date, after_publication_id);
comment on table ops.changed_dossier is 'One row or more a dossier that has changed while an edition was the newest one: what an edition counts is compared for these alone (docs/performance.md)';
comment on column ops.changed_dossier.after_publication_id is 'Newest edition (mart.publication) when it changed';
comment on column ops.changed_dossier.dossier_code is 'MaHoSo, before or after the change; empty = every dossier';
comment on column ops.changed_dossier.first_date is 'Earliest local date of its reception and its end, before or after the change; -infinity = unknown';

create table ops.edition_count (
    publication_id bigint not null,
    indicator_code text not null,
    basis text not null,
    source_code text not null,
    context text not null,
    constraint edition_count_pk primary key (publication_id, indicator_code, basis, source_code)
);
comment on table ops.edition_count is 'One row an edition, indicator, basis and source whose items depend on single dossiers, and what else they were counted from';
comment on column ops.edition_count.publication_id is 'Edition';
comment on column ops.edition_count.indicator_code is 'Indicator';
comment on column ops.edition_count.basis is 'period, or year_to_date';
comment on column ops.edition_count.source_code is 'Source';
comment on column ops.edition_count.context is 'Hash of all else that the items depend on: the SQL of the indicator, the span, the units, the list of procedures, the rules of open dossiers';

create function ops.note_changed_dossiers() returns trigger
language plpgsql
as $$
declare
    newest bigint := (select max(p.publication_id) from mart.publication as p);
    rows_of text := 'select dossier_code, received_at, finished_at from ';
    touched text := '';
begin
    if newest is null then
        return null;
    end if;
    if tg_op = 'TRUNCATE' then
        insert into ops.changed_dossier (after_publication_id, dossier_code, first_date) values (newest, '', '-infinity');
        return null;
    end if;
    if tg_op in ('UPDATE', 'DELETE') then
        touched := rows_of || 'row_before where is_counted';
    end if;
    if tg_op = 'UPDATE' then
        touched := touched || ' union all ';
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        touched := touched || rows_of || 'row_after where is_counted';
    end if;
    execute
        'insert into ops.changed_dossier (after_publication_id, dossier_code, first_date) '
        'select $1, c.dossier_code, c.first_date from ('
        'select t.dossier_code, coalesce(min(cast(least(t.received_at, t.finished_at) at time zone '
        '(select a.zone from core.authority as a) as date)), ''-infinity'') as first_date '
        'from (' || touched || ') as t group by t.dossier_code) as c '
        'where not exists (select 1 from ops.changed_dossier as k '
        'where k.after_publication_id = $1 and k.dossier_code = c.dossier_code and k.first_date <= c.first_date)'
    using newest;
    return null;
end
$$;
comment on function ops.note_changed_dossiers is 'Notes in ops.changed_dossier which dossiers a statement on mart.dossier changes, under the newest edition';

create trigger changed_dossier_insert after insert on mart.dossier
referencing new table as row_after
for each statement execute function ops.note_changed_dossiers();

create trigger changed_dossier_update after update on mart.dossier
referencing old table as row_before new table as row_after
for each statement execute function ops.note_changed_dossiers();

create trigger changed_dossier_delete after delete on mart.dossier
referencing old table as row_before
for each statement execute function ops.note_changed_dossiers();

create trigger changed_dossier_truncate after truncate on mart.dossier
for each statement execute function ops.note_changed_dossiers();

-- dues, rounds and steps of a dossier say whether it is past due on a day; they are noted when it has been derived
create function ops.note_derived_dossiers() returns trigger
language plpgsql
as $$
declare
    newest bigint := (select max(p.publication_id) from mart.publication as p);
begin
    if newest is null then
        return null;
    end if;
    execute
        'insert into ops.changed_dossier (after_publication_id, dossier_code, first_date) '
        'select $1, d.dossier_code, coalesce(min(d.received_date), ''-infinity'') '
        'from row_before as r inner join mart.dossier as d on r.dossier_id = d.dossier_id '
        'where d.is_counted and not exists (select 1 from ops.changed_dossier as k '
        'where k.after_publication_id = $1 and k.dossier_code = d.dossier_code '
        'and k.first_date <= coalesce(d.received_date, ''-infinity'')) '
        'group by d.dossier_code'
    using newest;
    return null;
end
$$;
comment on function ops.note_derived_dossiers is 'Notes in ops.changed_dossier which dossiers have been derived again, under the newest edition';

create trigger changed_dossier_derived after delete on ops.dirty_dossier
referencing old table as row_before
for each statement execute function ops.note_derived_dossiers();
