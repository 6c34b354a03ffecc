-- grain: one row for each declared workbook of one extract: whether it is stored, and whether its unit and month has another file
-- source: declared_file_delivered (temporary: the files of one extract), core.declared_file

select
    n._load_id,
    n.figure_count,
    v.unit_code is not null as is_kept,
    exists (
        select 1
        from core.declared_file as o
        where
            o.source_code = n.source_code and o.unit_code = n.unit_code and o.month_start = n.month_start
            and (o.file_revision, o._first_seen_at) <> (n.file_revision, n._first_seen_at)
    ) as has_other
from declared_file_delivered as n
left join core.declared_file as v
    on
        n.source_code = v.source_code and n.unit_code = v.unit_code and n.month_start = v.month_start
        and n.file_revision = v.file_revision and n._first_seen_at = v._first_seen_at
