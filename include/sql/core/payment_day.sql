-- grain: one row for each validated payment file of one extract: day, revision, known_at of its extract
-- source: ops.load, whose manifest has the day and the revision of the file

insert into core.payment_day (source_code, file_date, file_revision, _first_seen_at, file_name, row_count, amount_vnd, _load_id)
select
    l.source_code,
    cast(l.manifest ->> 'file_date' as date) as file_date,
    cast(l.manifest ->> 'revision' as integer) as file_revision,
    l.window_to,
    l.file_name,
    cast(l.manifest ->> 'rows_delivered' as bigint) as row_count,
    cast(round(cast(l.manifest ->> 'amount_delivered' as numeric)) as bigint) as amount_vnd,
    l.load_id
from ops.load as l
where l.status = 'validated' and l.extract_id = :extract_id and l.file_name is not null
on conflict (source_code, file_date, file_revision, _first_seen_at) do update set
    file_name = excluded.file_name,
    row_count = excluded.row_count,
    amount_vnd = excluded.amount_vnd,
    _load_id = excluded._load_id
