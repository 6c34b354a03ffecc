-- grain: one row for each delivered declared workbook: unit, month, revision, known_at of its extract
-- source: declared_file_delivered (temporary: the files of one extract)

insert into core.declared_file (
    source_code, unit_code, month_start, file_revision, _first_seen_at, file_name, figure_count, content_hash, _load_id
)
select
    source_code,
    unit_code,
    month_start,
    file_revision,
    _first_seen_at,
    file_name,
    figure_count,
    content_hash,
    _load_id
from declared_file_delivered
on conflict (source_code, unit_code, month_start, file_revision, _first_seen_at) do update set
    file_name = excluded.file_name,
    figure_count = excluded.figure_count,
    content_hash = excluded.content_hash,
    _load_id = excluded._load_id
