-- grain: one statement a change; the version of the source's contract by which a load was read, and whether the contract has a field
-- source: cchc.pipeline.ingest, cchc.staging.fields
-- traps: forward only; null where the profile says nothing of it, and for loads of before

alter table ops.load add column contract_version text;
comment on column ops.load.contract_version is 'The version of the source''s contract that the profile named when its records were read; null: none';

alter table ops.load_field add column in_contract boolean;
comment on column ops.load_field.in_contract is 'Whether the contract has the field: a column uses it, or the profile names it under known_fields; null where the profile has no such list, and for loads of before';
