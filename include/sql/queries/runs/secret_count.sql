-- grain: one row for each source, entity, day of change, degree of secrecy and unit: how many records were left out as state secrets
-- source: bind values

insert into ops.secret_count (source_code, entity, changed_date, secrecy_code, unit_code, key_count)
values (:source, :entity, :changed_date, :secrecy_code, :unit_code, :key_count)
on conflict on constraint secret_count_pk do update set key_count = excluded.key_count
