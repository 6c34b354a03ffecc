-- grain: none: tables of the roles that sources fill, of the trees of units that they concern, and of records that stand in two sources
-- source: the profiles, include/reference/authority.yaml, core
-- traps: indicators count a role, whichever sources fill it; a key that stands in two sources of one role counts once

create table core.authority (
    root_code text not null,
    name_vi text not null,
    zone text not null,
    constraint authority_pk primary key (root_code)
);
comment on table core.authority is 'One row: the authority whose plan is measured (include/reference/authority.yaml)';
comment on column core.authority.root_code is 'The unit that is the root of its tree';
comment on column core.authority.name_vi is 'Its name';
comment on column core.authority.zone is 'Zone in which its days begin and end';

create table core.source_role (
    source_code text not null,
    role text not null,
    constraint source_role_pk primary key (role, source_code)
);
comment on table core.source_role is 'One row a source and role that it fills, from the models of its profile';
comment on column core.source_role.source_code is 'Source, as its profile is named';
comment on column core.source_role.role is 'dossiers, documents, payments, feedback, survey, declared';

create table core.source_tree (
    source_code text not null,
    root_code text not null,
    constraint source_tree_pk primary key (source_code, root_code)
);
comment on table core.source_tree is 'One row a source and tree of units of which it has brought a record: a neighbouring district''s system has a clock of its own';
comment on column core.source_tree.source_code is 'Source';
comment on column core.source_tree.root_code is 'Root of the tree';

insert into core.source_tree (source_code, root_code)
select distinct
    r.source_code,
    u.root_code
from (
    select distinct d.source_code, d.unit_code from mart.dossier as d
    union
    select distinct a.source_code, a.unit_code from core.assessment_version as a
    union
    select distinct w.source_code, w.unit_code from core.work_file_version as w
    union
    select distinct p.source_code, p.unit_code from core.payment_version as p
    union
    select distinct f.source_code, f.unit_code from core.feedback_version as f
    union
    select distinct s.source_code, s.unit_code from core.survey_answer_version as s
    union
    select distinct g.source_code, g.unit_code from core.declared_figure_version as g
) as r
inner join core.unit as u on r.unit_code = u.unit_code
where u.root_code is not null;

create table core.duplicate_record (
    model text not null,
    source_code text not null,
    key text not null,
    counted_source_code text not null,
    constraint duplicate_record_pk primary key (model, source_code, key)
);
comment on table core.duplicate_record is 'One row a record that does not count because its key stands in another source of the same role, too, with a newer change time (else by the alphabet). Of dossiers mart.dossier.left_out_reason says so';
comment on column core.duplicate_record.model is 'Model of the record: assessment, work_file, payment, feedback, survey_answer';
comment on column core.duplicate_record.source_code is 'Source of the record that does not count';
comment on column core.duplicate_record.key is 'Its key';
comment on column core.duplicate_record.counted_source_code is 'Source whose record of that key counts';

alter table core.indicator rename column source_code to role;
update core.indicator set role = 'dossiers' where role = 'one_stop';
comment on column core.indicator.role is 'Role whose sources it counts: dossiers, documents, payments, feedback, declared';
alter table core.finding_kind rename column source_code to role;
update core.finding_kind set role = 'dossiers' where role = 'one_stop';
comment on column core.finding_kind.role is 'Role of the source whose record looks wrong';
