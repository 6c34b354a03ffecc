-- grain: one statement a change; how many values of a field could not be read, and how many were rounded
-- source: plugins/cchc/staging/fields.py
-- traps: null for loads that were staged before this migration

alter table ops.load_field add column unreadable_count bigint;
alter table ops.load_field add column rounded_count bigint;
comment on column ops.load_field.unreadable_count is 'Values that one of its columns cannot read; null where no column uses the field, and for loads of before';
comment on column ops.load_field.rounded_count is 'Values with a fraction that a whole-number column took rounded half up; null as unreadable_count';
