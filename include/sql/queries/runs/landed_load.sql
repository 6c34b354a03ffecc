-- grain: one load that has landed; returns its id
-- source: bind values

insert into ops.load (
    extract_id, source_code, entity, file_name, window_from, window_to, landing_path, manifest, sha256, landed, secret, status, message,
    started_at
)
values (
    :extract_id, :source, :entity, :file_name, :window_from, :window_to, :landing_path, cast(:manifest as jsonb), :sha256, :landed, :secret,
    :status, :message, :now
)
returning load_id
