-- grain: one statement a change; what each extract covers, what is missing, and runs that gave way
-- source: cchc.pipeline, cchc.completeness
-- traps: forward only; a T is no longer the newest end of a window but the end of what is covered without a hole

alter table ops.extract add column kind text not null default 'ingest';
alter table ops.extract add column retry_of bigint;
alter table ops.extract add column is_from_named boolean not null default false;
alter table ops.extract add column is_to_named boolean not null default false;
alter table ops.extract add constraint extract_kind_ck check (kind in ('ingest', 'retry'));
alter table ops.extract drop constraint extract_status_ck;
alter table ops.extract add constraint extract_status_ck check (
    status in ('running', 'complete', 'blocked', 'failed', 'superseded')
);
comment on column ops.extract.kind is 'ingest: asked the source; retry: staged, checked and loaded again what an earlier extract had landed';
comment on column ops.extract.retry_of is 'For a retry: the extract whose landing it reads; that one stays as it is';
comment on column ops.extract.is_from_named is 'Whether a person named the lower end of the window; otherwise it follows from T';
comment on column ops.extract.is_to_named is 'Whether a person named T; otherwise it is the moment of the run';
comment on column ops.extract.status is 'running, complete, blocked (validation stopped a load), failed (by an error), superseded (a newer run of the source began before this one ended)';
update ops.extract
set status = 'superseded'
where status = 'failed' and message = 'a newer extract of the source was started';

alter table ops.load add column retry_of bigint;
alter table ops.load add column replaced bigint not null default 0;
alter table ops.load add column keyless bigint not null default 0;
alter table ops.load drop constraint load_status_ck;
alter table ops.load add constraint load_status_ck check (
    status in ('landed', 'staged', 'validated', 'loaded', 'blocked', 'failed', 'waiting', 'superseded', 'given_up')
);
comment on column ops.load.retry_of is 'For a load of a retry: the load whose landing it reads';
comment on column ops.load.replaced is 'Rows that a later row of the same key and change time in the same delivery replaced';
comment on column ops.load.keyless is 'Rows in quarantine that have no readable key; no version is kept of them';
comment on column ops.load.staged is 'Rows in the staging table; of a published load inserted + updated + unchanged + replaced + keyless';
comment on column ops.load.status is 'landed, staged, validated, loaded; blocked by a check; failed by an error; waiting for its manifest or its end; superseded by a newer revision; given_up: its run failed or gave way before it was published';
update ops.load as l
set status = 'given_up'
from ops.extract as e
where e.extract_id = l.extract_id and e.status in ('failed', 'superseded') and l.status in ('landed', 'staged', 'validated');

create table ops.coverage (
    extract_id bigint not null,
    source_code text not null,
    entity text not null,
    from_at timestamptz,
    to_at timestamptz not null,
    is_base boolean not null,
    constraint coverage_pk primary key (extract_id, entity)
);
create index coverage_source_ix on ops.coverage (source_code, entity);
comment on table ops.coverage is 'One row an extract and entity: the stretch of change time that it covers once it is complete';
comment on column ops.coverage.extract_id is 'Extract';
comment on column ops.coverage.source_code is 'Source';
comment on column ops.coverage.entity is 'Entity of the source';
comment on column ops.coverage.from_at is 'Lower end (inclusive); null = everything before the upper end';
comment on column ops.coverage.to_at is 'Upper end (exclusive)';
comment on column ops.coverage.is_base is 'Whether nothing before it is expected: a whole extract, or one from the first day that the profile expects';
insert into ops.coverage (extract_id, source_code, entity, from_at, to_at, is_base)
select distinct
    e.extract_id,
    e.source_code,
    n.entity,
    e.window_from,
    e.window_to,
    e.window_from is null as is_base
from ops.extract as e
inner join ops.load as n on e.source_code = n.source_code and n.entity not like '%.keys' and n.file_name is null
where e.status = 'complete';

create table ops.source_rewind (
    rewind_id bigint generated always as identity,
    source_code text not null,
    known_at_before timestamptz,
    known_at_after timestamptz not null,
    why text not null,
    by_whom text not null,
    rewound_at timestamptz not null,
    constraint source_rewind_pk primary key (rewind_id)
);
comment on table ops.source_rewind is 'One row a time that a person set the T of a source back';
comment on column ops.source_rewind.rewind_id is 'Number';
comment on column ops.source_rewind.source_code is 'Source';
comment on column ops.source_rewind.known_at_before is 'T of the source before; null where it had none';
comment on column ops.source_rewind.known_at_after is 'T to which it was set back';
comment on column ops.source_rewind.why is 'The reason that the person gave';
comment on column ops.source_rewind.by_whom is 'The account that ran the command';
comment on column ops.source_rewind.rewound_at is 'When';

create table ops.missing_key (
    source_code text not null,
    month_start date not null,
    dossier_id bigint not null,
    dossier_code text not null,
    first_seen_at timestamptz not null,
    constraint missing_key_pk primary key (source_code, month_start, dossier_id)
);
comment on table ops.missing_key is 'One row a dossier that the source lists as existing in a month, and that no delivery has brought';
comment on column ops.missing_key.source_code is 'Source';
comment on column ops.missing_key.month_start is 'First day of the month of reception that was asked';
comment on column ops.missing_key.dossier_id is 'Dossier';
comment on column ops.missing_key.dossier_code is 'Its code, as the source lists it; the unit is not known, because the record is missing';
comment on column ops.missing_key.first_seen_at is 'T of the first extract that found it missing';

create view ops.covered_stretch as
with newest as (
    select
        e.source_code,
        max(e.extract_id) as extract_id
    from ops.extract as e
    where
        e.status = 'complete'
        and (e.kind = 'ingest' or exists (select 1 from ops.coverage as c where c.extract_id = e.extract_id))
    group by e.source_code
),

-- what the newest extract asked for is what the source consists of; an extract without rows of coverage covers all of it
entity as (
    select
        n.source_code,
        coalesce(c.entity, '*') as entity
    from newest as n
    left join ops.coverage as c on n.extract_id = c.extract_id
),

covered as (
    select
        n.source_code,
        n.entity,
        coalesce(c.from_at, '-infinity') as from_at,
        c.to_at,
        c.is_base
    from entity as n
    inner join ops.coverage as c on n.source_code = c.source_code and n.entity = c.entity
    inner join ops.extract as e on c.extract_id = e.extract_id and e.status = 'complete'
    union all
    select
        n.source_code,
        n.entity,
        coalesce(e.window_from, '-infinity') as from_at,
        e.window_to as to_at,
        e.window_from is null as is_base
    from entity as n
    inner join ops.extract as e on n.source_code = e.source_code and e.status = 'complete' and e.kind = 'ingest'
    where not exists (select 1 from ops.coverage as c where c.extract_id = e.extract_id)
),

reached as (
    select
        c.*,
        max(c.to_at) over (
            partition by c.source_code, c.entity order by c.from_at, c.to_at
            rows between unbounded preceding and 1 preceding
        ) as reached_at
    from covered as c
),

numbered as (
    select
        r.*,
        count(*) filter (where r.from_at > r.reached_at) over (
            partition by r.source_code, r.entity order by r.from_at, r.to_at
            rows between unbounded preceding and current row
        ) as hole_count
    from reached as r
)

select
    n.source_code,
    n.entity,
    n.hole_count as stretch_number,
    min(n.from_at) as from_at,
    max(n.to_at) as to_at,
    bool_or(n.is_base) as is_base
from numbered as n
group by n.source_code, n.entity, n.hole_count;
comment on view ops.covered_stretch is 'One row an entity of a source and stretch of change time that is covered without a hole';
comment on column ops.covered_stretch.source_code is 'Source';
comment on column ops.covered_stretch.entity is 'Entity; * where the extracts do not tell them apart';
comment on column ops.covered_stretch.stretch_number is 'Number of the holes before it';
comment on column ops.covered_stretch.from_at is 'Lower end (inclusive); -infinity = from the beginning';
comment on column ops.covered_stretch.to_at is 'Upper end (exclusive)';
comment on column ops.covered_stretch.is_base is 'Whether it reaches back to all that is expected; T can only lie at the end of such a stretch';

create view ops.coverage_hole as
with placed as (
    select
        s.source_code,
        s.entity,
        s.from_at,
        s.is_base,
        lag(s.to_at) over (partition by s.source_code, s.entity order by s.from_at) as to_before,
        bool_or(s.is_base) over (
            partition by s.source_code, s.entity order by s.from_at rows between unbounded preceding and 1 preceding
        ) as has_base_before,
        bool_or(s.is_base) over (partition by s.source_code, s.entity) as has_base
    from ops.covered_stretch as s
)

select
    p.source_code,
    p.entity,
    p.to_before as from_at,
    p.from_at as to_at
from placed as p
where (coalesce(p.has_base_before, false) and not p.is_base) or (not p.has_base);
comment on view ops.coverage_hole is 'One row an entity of a source and stretch of change time that was never asked for, between or before what was';
comment on column ops.coverage_hole.source_code is 'Source';
comment on column ops.coverage_hole.entity is 'Entity; * where the extracts do not tell them apart';
comment on column ops.coverage_hole.from_at is 'Where the hole begins (inclusive); null = everything before its end was never asked for';
comment on column ops.coverage_hole.to_at is 'Where it ends (exclusive): what was asked for behind it';

create or replace view ops.source_clock as
with reaching as (
    select
        s.source_code,
        s.entity,
        max(s.to_at) filter (where s.is_base) as known_at,
        min(s.from_at) filter (where s.is_base) as from_at
    from ops.covered_stretch as s
    group by s.source_code, s.entity
)

select
    r.source_code,
    min(r.known_at) as known_at,
    max(r.from_at) = '-infinity' as is_complete_from_start,
    nullif(max(r.from_at), '-infinity') as earliest_from
from reaching as r
group by r.source_code
having count(*) = count(r.known_at);
comment on view ops.source_clock is 'One row a source: its T, the end of what is covered without a hole back to all that is expected. No row: no T yet';
comment on column ops.source_clock.source_code is 'Source';
comment on column ops.source_clock.known_at is 'T: end of the covered stretch that reaches back without a hole; of several entities the earliest';
comment on column ops.source_clock.is_complete_from_start is 'Whether everything before T was asked for';
comment on column ops.source_clock.earliest_from is 'Where not: the first day that the profile expects, from which everything was asked for';
