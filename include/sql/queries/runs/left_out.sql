-- grain: one row for each loaded file, or table of a database, of a run of which something was left out: late records, rows and sheets that
--        are no records, keys without a time of reception
-- source: ops.load (the manifest of its landing)

select
    source_code,
    entity,
    file_name,
    coalesce(cast(manifest ->> 'late' as integer), 0) as late,
    coalesce(cast(manifest ->> 'other_sheets' as integer), 0) as other_sheets,
    coalesce(cast(manifest ->> 'undated' as integer), 0) as undated,
    manifest -> 'left_alone' as left_alone
from ops.load
where
    extract_id = :extract_id
    and status = 'loaded'
    and (
        (
            (file_name is not null or manifest ->> 'database' is not null)
            and (
                cast(manifest ->> 'late' as integer) > 0
                or cast(manifest ->> 'other_sheets' as integer) > 0
                or manifest -> 'left_alone' <> '{}'
            )
        )
        or cast(manifest ->> 'undated' as integer) > 0
    )
order by load_id
