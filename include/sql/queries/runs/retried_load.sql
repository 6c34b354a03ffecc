-- grain: one load of a retry for each load that it retries
-- source: ops.load of the extract that is retried
-- traps: an extract that was blocked as a whole is retried as a whole (`:whole`), otherwise only the given loads

insert into ops.load (
    extract_id, retry_of, status, started_at, source_code, entity, file_name, window_from, window_to, landing_path, manifest, sha256,
    landed, secret
)
select
    :new,
    load_id,
    'landed' as status,
    :now,
    source_code,
    entity,
    file_name,
    window_from,
    window_to,
    landing_path,
    manifest,
    sha256,
    landed,
    secret
from ops.load
where extract_id = :extract_id and landing_path is not null and (:whole or load_id = any(:load_ids))
order by load_id
