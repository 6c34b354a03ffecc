-- grain: one statement a change; assessments are counted by half months too, and a dossier with a certified copy is found at once
-- source: cchc.indicators.half_months; include/sql/queries/indicators/procedure_satisfaction_rate.sql, ecertification_coverage_rate.sql
-- traps: as in 0069: triggers note which half months and units a change touches, whoever makes it. An assessment that two sources have counts
--        in one of them, and core.duplicate_record says in which; so its changes are noted, too

create function ops.note_assessment_change() returns trigger
language plpgsql
as $$
declare
    rows_of text := 'select v.source_code, v.unit_code, v.assessed_at from ';
    versions text := ' as v where v._is_current';
    twins text := ' as r inner join core.assessment_version as v '
        'on r.model = ''assessment'' and r.source_code = v.source_code and r.key = v.assessment_code and v._is_current';
    touched text := '';
begin
    if tg_op = 'TRUNCATE' then
        -- nothing that was counted holds any more
        delete from ops.half_month_count;
        delete from ops.half_month_counted;
        return null;
    end if;
    if tg_table_name = 'duplicate_record' then
        rows_of := rows_of || '%s' || twins;
    else
        rows_of := rows_of || '%s' || versions;
    end if;
    if tg_op in ('UPDATE', 'DELETE') then
        touched := format(rows_of, 'row_before');
    end if;
    if tg_op = 'UPDATE' then
        touched := touched || ' union all ';
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        touched := touched || format(rows_of, 'row_after');
    end if;
    execute
        'insert into ops.half_month_change (source_code, half_month, unit_code, change_count) '
        'select distinct '
        'd.source_code, '
        'date_trunc(''month'', m.local_date)::date + case when extract(day from m.local_date) >= 15 then 14 else 0 end, '
        'coalesce(d.unit_code, ''''), '
        '1 '
        'from (' || touched || ') as d '
        'cross join lateral (select cast(d.assessed_at at time zone (select a.zone from core.authority as a) as date) as local_date) as m '
        'where d.assessed_at is not null';
    return null;
end
$$;
comment on function ops.note_assessment_change is 'Notes in ops.half_month_change which half months and units a statement on core.assessment_version or core.duplicate_record touches';

create trigger half_month_insert after insert on core.assessment_version
referencing new table as row_after
for each statement execute function ops.note_assessment_change();

create trigger half_month_update after update on core.assessment_version
referencing old table as row_before new table as row_after
for each statement execute function ops.note_assessment_change();

create trigger half_month_delete after delete on core.assessment_version
referencing old table as row_before
for each statement execute function ops.note_assessment_change();

create trigger half_month_truncate after truncate on core.assessment_version
for each statement execute function ops.note_assessment_change();

create trigger half_month_insert after insert on core.duplicate_record
referencing new table as row_after
for each statement execute function ops.note_assessment_change();

create trigger half_month_update after update on core.duplicate_record
referencing old table as row_before new table as row_after
for each statement execute function ops.note_assessment_change();

create trigger half_month_delete after delete on core.duplicate_record
referencing old table as row_before
for each statement execute function ops.note_assessment_change();

create trigger half_month_truncate after truncate on core.duplicate_record
for each statement execute function ops.note_assessment_change();

comment on table ops.half_month_change is 'One row or more a source, half month and unit: how often its counted dossiers and its assessments have changed, as a sum (docs/performance.md)';
comment on column ops.half_month_change.half_month is 'First day of the half month in which a dossier was received or ended, or an assessment made: the 1st or the 15th';
comment on column ops.half_month_change.unit_code is 'Unit of the dossier or of the assessment; empty = without one';
comment on column ops.half_month_change.change_count is 'Number of statements that changed such records';
comment on column ops.half_month_count.unit_code is 'Unit that the records name; empty = without one';
comment on column ops.half_month_count.from_date is 'First day of the stretch of core.unit_on_day in which they were received or made';

-- a signed result of a procedure at a unit: whether a unit certifies copies electronically is one look for each of its procedures
create index dossier_certified_ix on mart.dossier (source_code, unit_code, procedure_code, finished_at) where is_counted and has_signed_result;
drop index mart.dossier_signed_ix;
