-- grain: one row for each stored workbook whose content equals the delivery of the same revision before it
-- source: core.declared_file, declared_file_delivered (temporary: the files of one extract)
-- traps: only units and months of the extract are compared; the order of arrival plays no part

create temp table declared_file_repeated on commit drop as
select
    placed.source_code,
    placed.unit_code,
    placed.month_start,
    placed.file_revision,
    placed._first_seen_at
from (
    select
        f.*,
        lag(f.content_hash) over (
            partition by f.unit_code, f.month_start, f.file_revision order by f._first_seen_at
        ) as hash_before
    from core.declared_file as f
    where
        f.source_code = :source
        and exists (select 1 from declared_file_delivered as n where n.unit_code = f.unit_code and n.month_start = f.month_start)
) as placed
where placed.content_hash = placed.hash_before
