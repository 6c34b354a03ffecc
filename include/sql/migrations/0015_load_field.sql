-- grain: one row a load and field of its delivery, used by the profile or not
-- source: extract counts the names while records land, staging counts the values
-- traps: no value of a field is ever here; a table has its columns in every record, a record of JSON may leave an empty field out

create table ops.load_field (
    load_id bigint not null,
    field text not null,
    column_name text,
    record_count bigint not null,
    present_count bigint not null,
    filled_count bigint,
    constraint load_field_pk primary key (load_id, field),
    constraint load_field_load_fk foreign key (load_id) references ops.load (load_id) on delete cascade,
    constraint load_field_count_ck check (present_count between 0 and record_count)
);
comment on table ops.load_field is 'One row a load and field: in how many records the field was, and in how many it had a value; what is compared to notice a field that vanished or is new';
comment on column ops.load_field.load_id is 'Load';
comment on column ops.load_field.field is 'Field as delivered; list.field for the objects of a list';
comment on column ops.load_field.column_name is 'Columns of the model that it fills, or what else it is read for; null: no column uses it, so its values were not kept';
comment on column ops.load_field.record_count is 'Records of the load that landed; for list.field the objects in that list';
comment on column ops.load_field.present_count is 'Those that have the field, empty or not; all of them where a table has the column';
comment on column ops.load_field.filled_count is 'Those with a value that does not mean missing by the profile; null where no column uses the field';

comment on column ops.quarantine.record is 'The record without personal data, by column; _unreadable and _shape_error name by column what could not be read, _fields the vendor''s field of each';
