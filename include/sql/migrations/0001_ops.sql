-- grain: one statement a change; schema ops: what the pipeline did, one row an extract, load, finding of a check
-- source: the loader itself
-- traps: forward only; an applied file is never edited (ops.migration keeps its sha256)

create schema if not exists ops;
create schema if not exists staging;
create schema if not exists core;
create schema if not exists mart;

comment on schema ops is 'What the pipeline did: extracts, loads, checks, quarantine. Operators read it.';
comment on schema staging is 'Typed rows of the load in work; emptied at each load. Nobody but the loader reads it.';
comment on schema core is 'Entities with their history: every version as delivered. Analysts read it (no personal data is kept).';
comment on schema mart is 'What people read: indicators, scorecards, dossiers without personal data. Stable names.';

create table ops.extract (
    extract_id bigint generated always as identity,
    source_code text not null,
    window_from timestamptz,
    window_to timestamptz not null,
    status text not null,
    message text,
    started_at timestamptz not null,
    ended_at timestamptz,
    constraint extract_pk primary key (extract_id),
    constraint extract_status_ck check (status in ('running', 'complete', 'blocked', 'failed'))
);
create index extract_source_ix on ops.extract (source_code, status, window_to);
comment on table ops.extract is 'One row an extract of a source: all its entities for one window. Only a complete one moves the source''s T.';
comment on column ops.extract.extract_id is 'Number of the extract';
comment on column ops.extract.source_code is 'Source, as its profile is named';
comment on column ops.extract.window_from is 'Lower end of the window (inclusive); null = from the beginning';
comment on column ops.extract.window_to is 'T: upper end of the window (exclusive); nothing that changed at or after it was asked for';
comment on column ops.extract.status is 'running, complete, blocked (validation stopped a load), failed';
comment on column ops.extract.message is 'What went wrong, in words';
comment on column ops.extract.started_at is 'When the extract began';
comment on column ops.extract.ended_at is 'When the extract ended';

create table ops.load (
    load_id bigint generated always as identity,
    extract_id bigint not null,
    source_code text not null,
    entity text not null,
    file_name text,
    window_from timestamptz,
    window_to timestamptz not null,
    landing_path text,
    manifest jsonb,
    sha256 text,
    landed bigint not null default 0,
    staged bigint not null default 0,
    quarantined bigint not null default 0,
    warned bigint not null default 0,
    secret bigint not null default 0,
    inserted bigint not null default 0,
    updated bigint not null default 0,
    unchanged bigint not null default 0,
    status text not null,
    message text,
    started_at timestamptz not null,
    ended_at timestamptz,
    seconds double precision,
    constraint load_pk primary key (load_id),
    constraint load_status_ck check (status in ('landed', 'staged', 'validated', 'loaded', 'blocked', 'failed', 'waiting', 'superseded'))
);
create index load_extract_ix on ops.load (extract_id);
create index load_entity_ix on ops.load (source_code, entity, status);
comment on table ops.load is 'One row a load: one entity of one extract; for sources of files, one file';
comment on column ops.load.load_id is 'Number of the load; every row it wrote carries it as _load_id';
comment on column ops.load.extract_id is 'Extract that this load belongs to';
comment on column ops.load.source_code is 'Source';
comment on column ops.load.entity is 'Entity of the source, by its wire name';
comment on column ops.load.file_name is 'Delivered file, for sources of files; else null';
comment on column ops.load.window_from is 'Lower end of the window (inclusive); null = from the beginning';
comment on column ops.load.window_to is 'T of the extract (exclusive)';
comment on column ops.load.landing_path is 'Folder of this load under the landing URL';
comment on column ops.load.manifest is 'Manifest of the landing: counts, parts, what the source itself said';
comment on column ops.load.sha256 is 'Of the delivered file, for sources of files';
comment on column ops.load.landed is 'Records written to landing (distinct keys may be fewer: the same record can come twice)';
comment on column ops.load.staged is 'Rows in the staging table';
comment on column ops.load.quarantined is 'Rows with at least one failed rule of action quarantine';
comment on column ops.load.warned is 'Rows with at least one failed rule of action warn';
comment on column ops.load.secret is 'Secret records met and dropped before landing (only counted)';
comment on column ops.load.inserted is 'Keys that were new';
comment on column ops.load.updated is 'New versions of known keys';
comment on column ops.load.unchanged is 'Rows that were known already, to the letter';
comment on column ops.load.status is 'landed, staged, validated, loaded; blocked by a check; failed by an error; waiting for its manifest or its end; superseded by a newer revision';
comment on column ops.load.message is 'What went wrong, in words';
comment on column ops.load.started_at is 'When the load began';
comment on column ops.load.ended_at is 'When the load ended';
comment on column ops.load.seconds is 'How long it took';

create table ops.quarantine (
    quarantine_id bigint generated always as identity,
    load_id bigint not null,
    source_code text not null,
    entity text not null,
    file text,
    line bigint,
    key text,
    rule text not null,
    action text not null,
    reason text not null,
    record jsonb,
    first_seen_at timestamptz not null,
    resolved_at timestamptz,
    constraint quarantine_pk primary key (quarantine_id),
    constraint quarantine_action_ck check (action in ('quarantine', 'warn'))
);
create index quarantine_load_ix on ops.quarantine (load_id);
create index quarantine_key_ix on ops.quarantine (source_code, entity, key);
comment on table ops.quarantine is 'One row a failed rule of a row: set aside (quarantine) or loaded and listed (warn)';
comment on column ops.quarantine.quarantine_id is 'Number of the entry';
comment on column ops.quarantine.load_id is 'Load that met it';
comment on column ops.quarantine.source_code is 'Source';
comment on column ops.quarantine.entity is 'Entity of the source';
comment on column ops.quarantine.file is 'Landing part, or delivered file';
comment on column ops.quarantine.line is 'Line in that file, from 1';
comment on column ops.quarantine.key is 'Key of the record; null where it has no readable one';
comment on column ops.quarantine.rule is 'Rule, as the suite names it (K1 …)';
comment on column ops.quarantine.action is 'quarantine: the record is left out of everything; warn: loaded, and listed';
comment on column ops.quarantine.reason is 'The rule in words';
comment on column ops.quarantine.record is 'The record without personal data';
comment on column ops.quarantine.first_seen_at is 'T of the extract that delivered it';
comment on column ops.quarantine.resolved_at is 'When a retry let it pass; null = open';

create table ops.check_result (
    load_id bigint not null,
    rule text not null,
    action text not null,
    phase text not null,
    is_success boolean not null,
    unexpected_count bigint not null,
    message text,
    constraint check_result_pk primary key (load_id, rule, phase)
);
comment on table ops.check_result is 'One row a rule of a load and phase: what the check found';
comment on column ops.check_result.load_id is 'Load; for an audit of several files at once, the first of them';
comment on column ops.check_result.rule is 'Rule';
comment on column ops.check_result.action is 'quarantine, warn or block';
comment on column ops.check_result.phase is 'check: before publishing; audit: Great Expectations over the good rows';
comment on column ops.check_result.is_success is 'Whether nothing was found';
comment on column ops.check_result.unexpected_count is 'Rows that break the rule';
comment on column ops.check_result.message is 'The rule in words, with what was met';

create table ops.secret_count (
    source_code text not null,
    entity text not null,
    changed_date date not null,
    secrecy_code text not null,
    unit_code text not null,
    key_count bigint not null,
    constraint secret_count_pk primary key (source_code, entity, changed_date, secrecy_code, unit_code)
);
comment on table ops.secret_count is 'One row a day of change, secrecy and unit: distinct secret records that the source holds; nothing else of them is kept';
comment on column ops.secret_count.source_code is 'Source';
comment on column ops.secret_count.entity is 'Entity';
comment on column ops.secret_count.changed_date is 'Local day of the change time; a day read again replaces its counts';
comment on column ops.secret_count.secrecy_code is 'mat, toi_mat, tuyet_mat; missing = (missing)';
comment on column ops.secret_count.unit_code is 'Unit as delivered; missing = (missing)';
comment on column ops.secret_count.key_count is 'Distinct keys';

create table ops.dirty_month (
    source_code text not null,
    month_start date not null,
    reason text not null,
    marked_at timestamptz not null,
    constraint dirty_month_pk primary key (source_code, month_start)
);
comment on table ops.dirty_month is 'One row a source and month whose periods must be recomputed (periods that end in that month); refresh empties it';
comment on column ops.dirty_month.source_code is 'Source whose data changed';
comment on column ops.dirty_month.month_start is 'First day of the month';
comment on column ops.dirty_month.reason is 'Why, in words';
comment on column ops.dirty_month.marked_at is 'When it was marked';

create table ops.dirty_dossier (
    dossier_id bigint not null,
    constraint dirty_dossier_pk primary key (dossier_id)
);
comment on table ops.dirty_dossier is 'One row a dossier whose facts in mart.dossier must be derived again: touched by a load that is not yet published';
comment on column ops.dirty_dossier.dossier_id is 'Dossier';

create view ops.source_clock as
select
    source_code,
    max(window_to) as known_at,
    bool_or(window_from is null) as is_complete_from_start,
    min(window_from) as earliest_from
from ops.extract
where status = 'complete'
group by source_code;
comment on view ops.source_clock is 'One row a source: its T (indicators.md §1.1)';
comment on column ops.source_clock.source_code is 'Source';
comment on column ops.source_clock.known_at is 'T: upper end of the newest complete extract';
comment on column ops.source_clock.is_complete_from_start is 'Whether an extract without lower end was completed';
comment on column ops.source_clock.earliest_from is 'Earliest lower end of the complete extracts that have one';
