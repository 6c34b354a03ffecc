-- grain: one statement a change; under which version of its profile a load was read, and whether a withdrawn load was read again
-- source: cchc.pipeline.ingest, cchc.pipeline.withdraw
-- traps: forward only; of loads of before nobody knows it (null)

alter table ops.load add column profile_version text;
comment on column ops.load.profile_version is 'The first 12 digits of the sha256 of the profile file under which its records were read; null: not known';

alter table ops.withdrawal add column is_reload boolean not null default false;
comment on column ops.withdrawal.is_reload is 'Whether the loads were read again at once, under the profile of then';
