-- grain: two columns: a number of the key under which a dossier came, where the profile has another key than the code
-- source: cchc.staging.columns, cchc.core.merge
-- traps: a number, made as dossier_id is made of the code: keys are only compared, and what a vendor takes as key need not stand in core.
--        Null where the key is the code, and in versions that were stored before: these are compared once they are loaded again. Null needs
--        no room, and the columns no rewriting of the tables

alter table staging.model_dossier add column _delivered_key bigint;
comment on column staging.model_dossier._delivered_key is 'Number made of the source''s own key of the record, where the profile has another key than the code; else null | Số suy ra từ khóa của bản ghi ở nguồn, nếu khác mã hồ sơ';
alter table core.dossier_version add column _delivered_key bigint;
comment on column core.dossier_version._delivered_key is 'Number made of the source''s own key of the record, where the profile has another key than the code; else null | Số suy ra từ khóa của bản ghi ở nguồn, nếu khác mã hồ sơ';
