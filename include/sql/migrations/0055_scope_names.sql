-- grain: one row for each scope that is no unit: the whole and each level
-- source: scopes in authority.yaml of the authority (cchc.reference.load)
-- traps: a level that the authority does not name is shown by its code

create table core.scope_name (
    scope_code text not null,
    name_vi text not null,
    name_en text not null,
    constraint scope_name_pk primary key (scope_code)
);
comment on table core.scope_name is 'One row a scope that is no unit, as the authority calls it (scopes in its authority.yaml) | Tên của toàn bộ và của từng cấp';
comment on column core.scope_name.scope_code is 'all, or level: and a level of core.unit | Mã phạm vi';
comment on column core.scope_name.name_vi is 'Its name in Vietnamese | Tên';
comment on column core.scope_name.name_en is 'Its name in English | Tên bằng tiếng Anh';
