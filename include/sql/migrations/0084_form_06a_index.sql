-- grain: one index: the dossiers that ended in a period, with all that form II.06a and the rates of dossiers on time count them by
-- source: include/sql/core/functions/form_06a_counted.sql, include/sql/queries/indicators/dossier_on_time_rate.sql
-- traps: form II.06a of a year reads half of all dossiers. Read from the index alone they cost a fifth of what they cost row by row.
--        It takes the place of the index of the same name, which has the first two columns. A change of a dossier always changes
--        _changed_at, which another index has, so no update becomes dearer by it. No text is in it: a name may have 20,000 characters, and
--        PostgreSQL refuses a row of an index of more than 2,704 bytes

drop index mart.dossier_finished_ix;
create index dossier_finished_ix on mart.dossier (source_code, finished_at) include (
    unit_code, received_at, received_date, field_code, channel, outcome, timeliness, due_date, _changed_at, dossier_code
) where is_counted;
