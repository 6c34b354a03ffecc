-- grain: one row a time that a person erased the hashes of a citizen
-- source: cchc.runs.erase
-- traps: neither the number nor a hash of it stands here, so nobody finds out from this table whose hashes were erased

create table ops.erasure (
    erasure_id bigint generated always as identity,
    reason text not null,
    by_whom text not null,
    erased_at timestamptz not null,
    rows_by_table jsonb not null,
    landing_files integer not null,
    constraint erasure_pk primary key (erasure_id)
);
comment on table ops.erasure is 'One row a time that a person erased the hashes of a citizen by identity number (docs/runbooks/erasure.md)';
comment on column ops.erasure.erasure_id is 'Number';
comment on column ops.erasure.reason is 'The reason that the person gave';
comment on column ops.erasure.by_whom is 'Who erased: a name, or the account that ran the command';
comment on column ops.erasure.erased_at is 'When';
comment on column ops.erasure.rows_by_table is 'Number of changed rows by table: {"core.dossier_version": 3}';
comment on column ops.erasure.landing_files is 'Number of files of the landing that were rewritten';
