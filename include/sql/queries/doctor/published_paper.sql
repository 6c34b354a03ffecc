-- grain: one row for each paper of each edition
-- source: mart.publication_report, mart.publication

select
    f.path,
    f.sha256
from mart.publication_report as f
inner join mart.publication as p on f.publication_id = p.publication_id
order by p.published_at, f.path
