-- grain: one statement a change; what the dossiers of a half month count, kept so that a refresh counts again only what has changed
-- source: cchc.indicators.half_months
-- traps: every period begins and ends on the 1st or the 15th of a month, so its items are those of its half months. A trigger notes which
--        half months and units a change of mart.dossier touches, whoever makes it. It only adds rows: a count is up to date where it was
--        made with the same sum, and no load waits for another one. A count that begins before a load commits and ends after it has the
--        smaller sum, so it is made again

create table ops.half_month_change (
    source_code text not null,
    half_month date not null,
    unit_code text not null,
    change_count bigint not null
);
create index half_month_change_ix on ops.half_month_change (source_code, half_month);
comment on table ops.half_month_change is 'One row or more a source, half month and unit: how often its counted dossiers have changed, as a sum (docs/performance.md)';
comment on column ops.half_month_change.source_code is 'Source';
comment on column ops.half_month_change.half_month is 'First day of the half month in which a dossier was received or ended: the 1st or the 15th';
comment on column ops.half_month_change.unit_code is 'Unit of the dossier; empty = without one';
comment on column ops.half_month_change.change_count is 'Number of statements that changed such dossiers';

create table ops.half_month_counted (
    context text not null,
    source_code text not null,
    half_month date not null,
    indicator_code text not null,
    end_at timestamptz not null,
    changes jsonb not null,
    counted_at timestamptz not null,
    constraint half_month_counted_pk primary key (context, source_code, half_month)
);
comment on table ops.half_month_counted is 'One row an indicator, source and half month that was counted, and what it was counted from';
comment on column ops.half_month_counted.context is 'Hash of all else that a count depends on: the SQL of the indicator, the units, the list of procedures';
comment on column ops.half_month_counted.source_code is 'Source';
comment on column ops.half_month_counted.half_month is 'First day of the half month';
comment on column ops.half_month_counted.indicator_code is 'Indicator';
comment on column ops.half_month_counted.end_at is 'Moment before which its items lie: the end of the half month, or known_at if that is earlier';
comment on column ops.half_month_counted.changes is 'Number of changes of each unit when it was counted: {"H19.16.22": 3}';
comment on column ops.half_month_counted.counted_at is 'When it was counted';

create table ops.half_month_count (
    context text not null,
    source_code text not null,
    half_month date not null,
    unit_code text not null,
    from_date date,
    numerator bigint not null,
    denominator bigint not null
);
create index half_month_count_ix on ops.half_month_count (context, source_code, half_month);
comment on table ops.half_month_count is 'One row an indicator, source, half month and unit that has items in it: what the indicator counts there';
comment on column ops.half_month_count.context is 'What the count depends on (ops.half_month_counted)';
comment on column ops.half_month_count.source_code is 'Source';
comment on column ops.half_month_count.half_month is 'First day of the half month';
comment on column ops.half_month_count.unit_code is 'Unit that the dossiers name; empty = without one';
comment on column ops.half_month_count.from_date is 'First day of the stretch of core.unit_on_day in which they were received';
comment on column ops.half_month_count.numerator is 'Number of items in the numerator';
comment on column ops.half_month_count.denominator is 'Number of items';

create function ops.note_half_month_change() returns trigger
language plpgsql
as $$
declare
    rows_of text := 'select source_code, unit_code, received_at, finished_at from ';
    touched text := '';
begin
    if tg_op = 'TRUNCATE' then
        -- nothing that was counted holds any more
        delete from ops.half_month_count;
        delete from ops.half_month_counted;
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
        'insert into ops.half_month_change (source_code, half_month, unit_code, change_count) '
        'select distinct '
        'd.source_code, '
        'date_trunc(''month'', m.local_date)::date + case when extract(day from m.local_date) >= 15 then 14 else 0 end, '
        'coalesce(d.unit_code, ''''), '
        '1 '
        'from (' || touched || ') as d '
        'cross join lateral (values (d.received_at), (d.finished_at)) as t (moment) '
        'cross join lateral (select cast(t.moment at time zone (select a.zone from core.authority as a) as date) as local_date) as m '
        'where t.moment is not null';
    return null;
end
$$;
comment on function ops.note_half_month_change is 'Notes in ops.half_month_change which half months and units a statement on mart.dossier touches';

create trigger half_month_insert after insert on mart.dossier
referencing new table as row_after
for each statement execute function ops.note_half_month_change();

create trigger half_month_update after update on mart.dossier
referencing old table as row_before new table as row_after
for each statement execute function ops.note_half_month_change();

create trigger half_month_delete after delete on mart.dossier
referencing old table as row_before
for each statement execute function ops.note_half_month_change();

create trigger half_month_truncate after truncate on mart.dossier
for each statement execute function ops.note_half_month_change();

-- whether a unit has sent a dossier is one look into an index, not a walk through all dossiers of the year
create index dossier_unit_received_ix on mart.dossier (source_code, unit_code, received_at) where is_counted;

-- the dossiers open at a moment are found by themselves, whatever the length of the history (core.dossier_open_at)
create index dossier_open_ix on mart.dossier using gist (
    tstzrange(received_at, greatest(coalesce(finished_at, 'infinity'), received_at), '(]')
) where is_counted and received_at is not null;

create index dossier_signed_ix on mart.dossier (source_code, finished_at) where is_counted and has_signed_result;

create index assessment_version_unit_ix on core.assessment_version (source_code, unit_code, assessed_at) where _is_current;
