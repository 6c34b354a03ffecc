-- grain: one index: the dossiers that were received in a period, with what lists of dossiers and the rates of receptions read of them
-- source: include/sql/queries/explain/not_counted/dossier.sql, include/sql/queries/indicators/online_dossier_rate.sql and
--         dossier_digitized_rate.sql
-- traps: a list of the dossiers of a year reads half of all rows. Read from the index alone they cost a third. It takes the place of the
--        index of the same name, which has the first two columns. A change of a dossier always changes _changed_at, which another index
--        has, so no update becomes dearer by it. No text is in it, only codes: a name may have 20,000 characters, and PostgreSQL refuses
--        a row of an index of more than 2,704 bytes

drop index mart.dossier_received_ix;
create index dossier_received_ix on mart.dossier (source_code, received_at) include (
    unit_code, received_date, channel, is_digitized, dossier_code
) where is_counted;
