-- grain: one statement a change; indexes by which the items behind a figure and the story of a dossier are found
-- source: include/sql/queries/explain
-- traps: dossiers that are not counted are few, and without an index each page of them would read every dossier

create index dossier_not_counted_ix on mart.dossier (source_code, (coalesce(received_at, submitted_at, _changed_at)))
where not is_counted;
create index assessment_version_dossier_ix on core.assessment_version (dossier_code) where _is_current;
create index feedback_version_dossier_ix on core.feedback_version (dossier_code) where _is_current;
create index survey_answer_version_dossier_ix on core.survey_answer_version (dossier_code) where _is_current;
