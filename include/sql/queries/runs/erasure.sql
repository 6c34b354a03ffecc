-- grain: one row: a person erased the hashes of a citizen
-- source: cchc.runs.erase

insert into ops.erasure (reason, by_whom, erased_at, rows_by_table, landing_files)
values (:reason, :by, :now, cast(:rows as jsonb), :files)
