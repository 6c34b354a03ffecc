-- grain: one statement a change; findings are looked for among the few dossiers that may be one, not among all of them
-- source: include/sql/queries/findings
-- traps: a candidate is what may be a finding, the query of its kind decides. Whatever is a finding must be a candidate: the rules below are
--        weaker than those of the queries, and whoever widens a query widens the rule here. They hold for all versions together, so taking a
--        version away never makes a candidate: rows are added only, and only for versions that are new or changed. A candidate that is none
--        any more costs a look

create table ops.finding_candidate (
    finding_code text not null,
    dossier_id bigint not null,
    constraint finding_candidate_pk primary key (finding_code, dossier_id)
);
comment on table ops.finding_candidate is 'One row a kind of finding and dossier that may be one by its versions or steps: the others need no look (docs/performance.md)';
comment on column ops.finding_candidate.finding_code is 'Kind of finding';
comment on column ops.finding_candidate.dossier_id is 'Dossier';

create table ops.bulk_minute (
    unit_code text not null,
    ended_minute timestamptz not null,
    constraint bulk_minute_pk primary key (unit_code, ended_minute)
);
comment on table ops.bulk_minute is 'One row a unit and minute in which so many dossiers have ended that ended_in_bulk counts them (docs/performance.md)';
comment on column ops.bulk_minute.unit_code is 'Unit of the dossiers';
comment on column ops.bulk_minute.ended_minute is 'Minute';

create function ops.note_version_candidates() returns trigger
language plpgsql
as $$
declare
    touched text := 'select r.dossier_id from row_after as r';
begin
    if tg_op = 'UPDATE' then
        touched :=
            'select c.dossier_id from ('
            'select r.dossier_id, r._changed_at, r._first_seen_at, r.status_code, r.processed_at, r.due_at from row_after as r '
            'except '
            'select r.dossier_id, r._changed_at, r._first_seen_at, r.status_code, r.processed_at, r.due_at from row_before as r) as c';
    end if;
    execute
        'insert into ops.finding_candidate (finding_code, dossier_id) '
        'select c.finding_code, w.dossier_id '
        'from ('
        'select v.dossier_id, '
        'min(v.processed_at) < max(v.processed_at) as is_end_changed, '
        '(min(v.due_at) < max(v.due_at) or count(*) > count(v.due_at)) and max(v._changed_at) > min(v.due_at) as is_due_moved, '
        'min(v._changed_at) filter (where v.status_code in (7, 9, 10)) <= max(v._changed_at) filter (where v.status_code in (1, 2, 4, 5, 6)) '
        'or min(v._changed_at) filter (where v.status_code = 10) <= max(v._changed_at) filter (where v.status_code = 9) as is_reopened '
        'from core.dossier_version as v '
        'where v.dossier_id in (' || touched || ') '
        'group by v.dossier_id having count(*) > 1) as w '
        'cross join lateral (values (''end_changed'', w.is_end_changed), (''due_moved_after_passing'', w.is_due_moved), '
        '(''reopened'', w.is_reopened)) as c (finding_code, is_candidate) '
        'where c.is_candidate '
        'on conflict do nothing';
    return null;
end
$$;
comment on function ops.note_version_candidates is 'Notes in ops.finding_candidate which dossiers may be a finding by their versions, of those that a statement touches';

create trigger finding_candidate_insert after insert on core.dossier_version
referencing new table as row_after
for each statement execute function ops.note_version_candidates();

create trigger finding_candidate_update after update on core.dossier_version
referencing old table as row_before new table as row_after
for each statement execute function ops.note_version_candidates();

create function ops.note_step_candidates() returns trigger
language plpgsql
as $$
declare
    touched text := 'select r.dossier_id from row_after as r';
begin
    if tg_op = 'UPDATE' then
        touched :=
            'select c.dossier_id from ('
            'select r.dossier_id, r.status_code, r.done_at from row_after as r '
            'except '
            'select r.dossier_id, r.status_code, r.done_at from row_before as r) as c';
    end if;
    execute
        'insert into ops.finding_candidate (finding_code, dossier_id) '
        'select ''reopened'', s.dossier_id '
        'from core.dossier_step_version as s '
        'where s.dossier_id in (' || touched || ') '
        'group by s.dossier_id '
        'having min(s.done_at) filter (where s.status_code in (7, 9, 10)) <= max(s.done_at) filter (where s.status_code in (1, 2, 4, 5, 6)) '
        'or min(s.done_at) filter (where s.status_code = 10) <= max(s.done_at) filter (where s.status_code = 9) '
        'on conflict do nothing';
    return null;
end
$$;
comment on function ops.note_step_candidates is 'Notes in ops.finding_candidate which dossiers may have been reopened by their steps, of those that a statement touches';

create trigger finding_candidate_insert after insert on core.dossier_step_version
referencing new table as row_after
for each statement execute function ops.note_step_candidates();

create trigger finding_candidate_update after update on core.dossier_step_version
referencing old table as row_before new table as row_after
for each statement execute function ops.note_step_candidates();

-- the dossiers that ended in a minute are counted whatever their source
create index dossier_ended_ix on mart.dossier (unit_code, finished_at) where is_counted;

-- two loads of different sources do not see each other's dossiers, so fewer than ended_in_bulk asks for are noted
create function ops.note_bulk_minutes() returns trigger
language plpgsql
as $$
begin
    -- planned anew each time: the plan for a small table would read all of a large one for each minute
    execute
        'insert into ops.bulk_minute (unit_code, ended_minute) '
        'select t.unit_code, t.ended_minute '
        'from ('
        'select distinct r.unit_code, date_trunc(''minute'', r.finished_at) as ended_minute '
        'from row_after as r '
        'where r.is_counted and r.finished_at is not null and r.unit_code is not null) as t '
        'cross join lateral ('
        'select count(*) as dossier_count from mart.dossier as d '
        'where d.is_counted and d.unit_code = t.unit_code '
        'and d.finished_at >= t.ended_minute and d.finished_at < t.ended_minute + interval ''1 minute'') as d '
        'where d.dossier_count > 5 '
        'on conflict do nothing';
    return null;
end
$$;
comment on function ops.note_bulk_minutes is 'Notes in ops.bulk_minute in which minutes many dossiers of a unit ended, of those that a statement on mart.dossier touches';

create trigger bulk_minute_insert after insert on mart.dossier
referencing new table as row_after
for each statement execute function ops.note_bulk_minutes();

create trigger bulk_minute_update after update on mart.dossier
referencing new table as row_after
for each statement execute function ops.note_bulk_minutes();

-- what is stored already
insert into ops.finding_candidate (finding_code, dossier_id)
select
    c.finding_code,
    w.dossier_id
from (
    select
        v.dossier_id,
        min(v.processed_at) < max(v.processed_at) as is_end_changed,
        (min(v.due_at) < max(v.due_at) or count(*) > count(v.due_at)) and max(v._changed_at) > min(v.due_at) as is_due_moved,
        min(v._changed_at) filter (where v.status_code in (7, 9, 10)) <= max(v._changed_at) filter (where v.status_code in (1, 2, 4, 5, 6))
        or min(v._changed_at) filter (where v.status_code = 10) <= max(v._changed_at) filter (where v.status_code = 9) as is_reopened
    from core.dossier_version as v
    group by v.dossier_id
    having count(*) > 1
) as w
cross join lateral (
    values ('end_changed', w.is_end_changed), ('due_moved_after_passing', w.is_due_moved), ('reopened', w.is_reopened)
) as c (finding_code, is_candidate)
where c.is_candidate
union
select
    'reopened' as finding_code,
    s.dossier_id
from core.dossier_step_version as s
group by s.dossier_id
having
    min(s.done_at) filter (where s.status_code in (7, 9, 10)) <= max(s.done_at) filter (where s.status_code in (1, 2, 4, 5, 6))
    or min(s.done_at) filter (where s.status_code = 10) <= max(s.done_at) filter (where s.status_code = 9);

insert into ops.bulk_minute (unit_code, ended_minute)
select
    d.unit_code,
    date_trunc('minute', d.finished_at) as ended_minute
from mart.dossier as d
where d.is_counted and d.finished_at is not null and d.unit_code is not null
group by d.unit_code, date_trunc('minute', d.finished_at)
having count(*) > 5;

analyze ops.finding_candidate, ops.bulk_minute;

-- a result file that is one of the submitted papers, but for empty paths
create index dossier_version_submitted_ix on core.dossier_version (dossier_id)
where _is_current and jsonb_path_exists(papers, '$[*].path ? (@ == $r[*].path)', jsonb_set('{"r": []}', '{r}', results));

-- ends that are the due or nearly so
create index dossier_end_at_due_ix on mart.dossier (dossier_id)
where is_counted and finished_at - due_at > interval '-1 minute' and finished_at - due_at < interval '1 minute';

create index dossier_late_ix on mart.dossier (cast(date_trunc('month', cast(coalesce(finished_date, received_date) as timestamp)) as date))
where is_counted and timeliness = 'late';

create index dossier_month_ix on mart.dossier (cast(date_trunc('month', cast(coalesce(finished_date, received_date) as timestamp)) as date))
where is_counted;

create index dossier_received_day_ix on mart.dossier (received_date) where is_counted;

create index dossier_left_out_ix on mart.dossier (left_out_reason) where left_out_reason is not null;

create index dossier_paid_online_ix on mart.dossier (dossier_id) where is_counted and paid_online_code in (1, 2);

-- orders, with their payments that succeeded
create index payment_version_paid_ix on core.payment_version (source_code, order_code) include (_key)
where _is_current and _failed_rules is null and kind_code = 'PAY' and status_code = 1 and amount_vnd > 0 and order_code is not null;

create index payment_version_online_ix on core.payment_version (dossier_code)
where _is_current and kind_code = 'PAY' and status_code = 1 and amount_vnd > 0 and method_code = 'truc-tuyen';
