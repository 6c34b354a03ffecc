-- grain: one statement a change; the dossiers open on the last day of a period are kept, and only those that have changed are judged again
-- source: cchc.indicators.open_dossiers
-- traps: triggers note each changed dossier, whoever makes the change. They only add rows, and a refresh deletes those that it has seen: a
--        change that commits later stays noted for the next one. A dossier leaves ops.dirty_dossier when it has been derived, so its dues,
--        rounds and steps are noted with it

create table ops.open_dossier_change (
    dossier_id bigint not null
);
comment on table ops.open_dossier_change is 'One row or more a dossier that has changed since the open dossiers of the periods were last brought up to date (docs/performance.md)';
comment on column ops.open_dossier_change.dossier_id is 'Dossier';

create table ops.open_dossier_day (
    source_code text not null,
    as_of_date date not null,
    end_at timestamptz not null,
    rule_hash text not null,
    constraint open_dossier_day_pk primary key (source_code, as_of_date)
);
comment on table ops.open_dossier_day is 'One row a source and day whose open dossiers mart.dossier_open has: all of them, but for the changes that are noted';
comment on column ops.open_dossier_day.source_code is 'Source';
comment on column ops.open_dossier_day.as_of_date is 'D: last day judged';
comment on column ops.open_dossier_day.end_at is 'J: the moment at which they were open';
comment on column ops.open_dossier_day.rule_hash is 'Hash of the rules by which they were judged (core.dossier_open_of, core.dossier_step) and of the source''s zone';

create function ops.note_open_dossier_change() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'TRUNCATE' then
        -- every day is judged as a whole
        delete from ops.open_dossier_day;
        return null;
    end if;
    if tg_op in ('UPDATE', 'DELETE') then
        insert into ops.open_dossier_change (dossier_id) select r.dossier_id from row_before as r;
    end if;
    if tg_op = 'INSERT' then
        insert into ops.open_dossier_change (dossier_id) select r.dossier_id from row_after as r;
    end if;
    return null;
end
$$;
comment on function ops.note_open_dossier_change is 'Notes in ops.open_dossier_change which dossiers a statement on mart.dossier changes, or on ops.dirty_dossier has derived';

create trigger open_dossier_insert after insert on mart.dossier
referencing new table as row_after
for each statement execute function ops.note_open_dossier_change();

create trigger open_dossier_update after update on mart.dossier
referencing old table as row_before new table as row_after
for each statement execute function ops.note_open_dossier_change();

create trigger open_dossier_delete after delete on mart.dossier
referencing old table as row_before
for each statement execute function ops.note_open_dossier_change();

create trigger open_dossier_truncate after truncate on mart.dossier
for each statement execute function ops.note_open_dossier_change();

create trigger open_dossier_derived after delete on ops.dirty_dossier
referencing old table as row_before
for each statement execute function ops.note_open_dossier_change();

create function ops.note_open_dossiers_deleted() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'TRUNCATE' then
        delete from ops.open_dossier_day;
        return null;
    end if;
    delete from ops.open_dossier_day as y
    using (select distinct r.source_code, r.as_of_date from row_before as r) as r
    where y.source_code = r.source_code and y.as_of_date = r.as_of_date;
    return null;
end
$$;
comment on function ops.note_open_dossiers_deleted is 'Takes the days from ops.open_dossier_day of which open dossiers are deleted, by whomever: they are judged as a whole, or noted again';

create trigger open_dossier_day_delete after delete on mart.dossier_open
referencing old table as row_before
for each statement execute function ops.note_open_dossiers_deleted();

create trigger open_dossier_day_truncate after truncate on mart.dossier_open
for each statement execute function ops.note_open_dossiers_deleted();

-- the dossiers of some units that ended in a half month are counted again without a look at those of the others
create index dossier_unit_finished_ix on mart.dossier (source_code, unit_code, finished_at) where is_counted;
