-- grain: one statement a change; loads that a person has withdrawn, and the rows of core that stood there before
-- source: cchc.pipeline.withdraw, cchc.core.withdrawn
-- traps: forward only; what a withdrawn load had brought stands here and no longer in core, so nothing that counts the present has to leave
--        it out. The warehouse as known before the withdrawal gets it back (cchc.publication.known_at)

alter table ops.load drop constraint load_status_ck;
alter table ops.load add constraint load_status_ck check (
    status in ('landed', 'staged', 'validated', 'loaded', 'blocked', 'failed', 'waiting', 'given_up', 'withdrawn')
);
comment on column ops.load.status is
'landed, staged, validated, loaded; blocked by a check; failed by an error; waiting for its manifest or its end; given_up: its run failed or gave way before it was published; withdrawn: a person took back what it had brought';

create table ops.withdrawal (
    withdrawal_id bigint generated always as identity,
    source_code text not null,
    reason text not null,
    by_whom text not null,
    withdrawn_at timestamptz not null,
    constraint withdrawal_pk primary key (withdrawal_id)
);
comment on table ops.withdrawal is 'One row a time that a person withdrew loads of a source: what they had brought counts as never delivered';
comment on column ops.withdrawal.withdrawal_id is 'Number';
comment on column ops.withdrawal.source_code is 'Source';
comment on column ops.withdrawal.reason is 'The reason that the person gave';
comment on column ops.withdrawal.by_whom is 'Who withdrew: a name, or the account that ran the command';
comment on column ops.withdrawal.withdrawn_at is 'When; until then what the loads had brought was believed';

create table ops.withdrawn_load (
    load_id bigint not null,
    withdrawal_id bigint not null,
    constraint withdrawn_load_pk primary key (load_id)
);
comment on table ops.withdrawn_load is 'One row a load that was withdrawn';
comment on column ops.withdrawn_load.load_id is 'The load';
comment on column ops.withdrawn_load.withdrawal_id is 'The withdrawal';

create table ops.withdrawn_key (
    withdrawal_id bigint not null,
    table_name text not null,
    key jsonb not null
);
create index withdrawn_key_ix on ops.withdrawn_key (withdrawal_id, table_name);
comment on table ops.withdrawn_key is 'One row a key of a table of core of which a withdrawal changed rows';
comment on column ops.withdrawn_key.withdrawal_id is 'The withdrawal';
comment on column ops.withdrawn_key.table_name is 'The table, with its schema';
comment on column ops.withdrawn_key.key is 'The key, by column';

create table ops.withdrawn_row (
    withdrawal_id bigint not null,
    table_name text not null,
    record jsonb not null
);
create index withdrawn_row_ix on ops.withdrawn_row (withdrawal_id, table_name);
comment on table ops.withdrawn_row is 'One row a row of core that one of these keys had before the withdrawal, whichever load had brought it';
comment on column ops.withdrawn_row.withdrawal_id is 'The withdrawal';
comment on column ops.withdrawn_row.table_name is 'The table, with its schema';
comment on column ops.withdrawn_row.record is 'The row as it stood, by column';
