-- grain: one row a view or function that `cchc init` made from a file of include/sql/<schema>/views and functions
-- source: cchc.warehouse_files
-- traps: from here on migrations hold tables alone. What the earlier ones made is listed with an empty hash, so that its file is applied once,
--        and that it is dropped where its file is gone. core.document_sign_key stays where it is: an index of core.document_version uses it

create table ops.applied_file (
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null,
    constraint applied_file_pk primary key (name)
);
comment on table ops.applied_file is 'One row a view or function that `cchc init` made from its file';
comment on column ops.applied_file.name is 'File under include/sql, without .sql: <schema>/views/<name> or <schema>/functions/<name>';
comment on column ops.applied_file.sha256 is 'Hash of what the file said when it was applied; empty = made by a migration of before 0022';
comment on column ops.applied_file.applied_at is 'When';

insert into ops.applied_file (name, sha256, applied_at)
select
    f.name,
    '' as sha256,
    now() as applied_at
from (
    values
    ('core/functions/declared_coverage_at'),
    ('core/functions/declared_figure_at'),
    ('core/functions/dossier_open_at'),
    ('core/functions/judged_status'),
    ('core/functions/leader_in_post'),
    ('core/functions/period_end'),
    ('core/functions/procedure_at'),
    ('core/functions/procedure_in_force'),
    ('core/functions/procedure_span'),
    ('core/functions/scope_member'),
    ('core/functions/unit_at'),
    ('core/functions/unit_in_period'),
    ('core/functions/unit_scope'),
    ('core/views/assessment'),
    ('core/views/declared_figure'),
    ('core/views/document'),
    ('core/views/dossier'),
    ('core/views/dossier_event'),
    ('core/views/dossier_step'),
    ('core/views/feedback'),
    ('core/views/leader'),
    ('core/views/payment'),
    ('core/views/procedure'),
    ('core/views/signature'),
    ('core/views/survey_answer'),
    ('core/views/unit_span'),
    ('core/views/unit_successor'),
    ('core/views/work_file'),
    ('mart/functions/form_06a'),
    ('mart/functions/form_06a_dossier'),
    ('mart/views/declared_figure'),
    ('mart/views/left_out'),
    ('mart/views/payment_reconciliation'),
    ('mart/views/published_value'),
    ('mart/views/score_766_total'),
    ('mart/views/scorecard'),
    ('mart/views/source_coverage'),
    ('mart/views/source_gap'),
    ('ops/views/coverage_hole'),
    ('ops/views/covered_stretch'),
    ('ops/views/source_clock')
) as f (name);
