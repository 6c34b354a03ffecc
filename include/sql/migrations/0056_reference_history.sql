-- grain: one row for each state of a row of the reference data, with the moments between which it was known; one row for each definition file
-- source: cchc.reference.history, at each `cchc init`; ops.keep_reference and ops.show_reference
-- traps: nothing is filled in for an older warehouse: its first `cchc init` keeps what it loads as known from ever. A migration that adds a
--        column that must not be null to a table whose rows are kept adds it to the contents here, too

create table ops.reference_version (
    reference_version_id bigint generated always as identity,
    table_name text not null,
    content jsonb not null,
    learnt_at timestamptz not null,
    ended_at timestamptz,
    constraint reference_version_pk primary key (reference_version_id)
);
create index reference_version_table_ix on ops.reference_version (table_name, ended_at);
create index reference_version_learnt_ix on ops.reference_version (learnt_at);
comment on table ops.reference_version is 'One row a state of a row of the reference data (units, plans, definitions, calendar, duties …) as `cchc init` loaded it, for what was known at a past moment (cchc.publication.known_at)';
comment on column ops.reference_version.reference_version_id is 'Number of the state';
comment on column ops.reference_version.table_name is 'Table that had the row, with its schema';
comment on column ops.reference_version.content is 'The row';
comment on column ops.reference_version.learnt_at is 'The `cchc init` that brought it; -infinity: the first one of the warehouse, which holds for every moment before, too';
comment on column ops.reference_version.ended_at is 'The `cchc init` that put another in its place or took it away; null = it holds';

create table ops.reference_file (
    path text not null,
    content text not null,
    constraint reference_file_pk primary key (path)
);
comment on table ops.reference_file is 'One row a file that defines a number, as the last `cchc init` found it: catalogue, score, findings, and their SQL';
comment on column ops.reference_file.path is 'Its folder among the settings, and its path below it: reference/…, authority/…, sql/…';
comment on column ops.reference_file.content is 'Its text';

create table ops.past_shown (
    moment timestamptz not null
);
comment on table ops.past_shown is 'Empty: a row says that a transaction shows a past moment, and such a transaction cannot be committed';
comment on column ops.past_shown.moment is 'The moment';

create function ops.refuse_commit() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'a transaction that shows a past moment is rolled back, never committed' using errcode = 'insufficient_privilege';
end
$$;
comment on function ops.refuse_commit is 'Refuses the commit of a transaction that shows a past moment';

create constraint trigger past_is_not_kept after insert on ops.past_shown
deferrable initially deferred for each row execute function ops.refuse_commit();
