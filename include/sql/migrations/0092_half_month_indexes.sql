-- grain: two indexes: the dossiers of a unit by their end and by their reception, with all that a half month is counted by
-- source: cchc.indicators.half_months, include/sql/queries/indicators
-- traps: where a dossier has changed, all dossiers of its unit and half month are counted again, for each indicator. Read row by row they
--        were a fifth of a refresh after 100 corrections among half a million dossiers. They take the place of the indexes of the same
--        names, which have the first three columns. A change of a dossier always changes _changed_at, which another index has, so no
--        update becomes dearer by it. Of texts only codes are in them: a name may have 20,000 characters, and PostgreSQL refuses a row of
--        an index of more than 2,704 bytes

drop index mart.dossier_unit_finished_ix;
create index dossier_unit_finished_ix on mart.dossier (source_code, unit_code, finished_at) include (
    received_date, procedure_code, outcome, timeliness, first_timeliness, due_date, has_signed_result, dossier_code
) where is_counted;

drop index mart.dossier_unit_received_ix;
create index dossier_unit_received_ix on mart.dossier (source_code, unit_code, received_at) include (
    received_date, channel, is_digitized, dossier_code
) where is_counted;
