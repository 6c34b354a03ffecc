-- grain: one row, or none: the newest edition of the chain
-- source: mart.publication_bundle, mart.publication

select
    b.position,
    b.manifest_sha256,
    p.period_kind,
    p.period_start,
    p.period_end,
    p.edition
from mart.publication_bundle as b
inner join mart.publication as p on b.publication_id = p.publication_id
order by b.position desc
limit 1
