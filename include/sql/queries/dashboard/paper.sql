-- grain: one row for each paper of an edition
-- source: mart.publication_report

select
    f.file_name,
    f.path,
    f.sha256,
    f.byte_count
from mart.publication_report as f
where f.publication_id = cast(:p as bigint)
order by f.file_name
