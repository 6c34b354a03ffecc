-- grain: one row for each edition of a period that has a bundle
-- source: mart.publication_bundle, mart.publication

select
    b.position,
    b.content_sha256,
    b.manifest_sha256,
    b.path,
    p.edition
from mart.publication_bundle as b
inner join mart.publication as p on b.publication_id = p.publication_id
where p.period_kind = cast(:kind as text) and p.period_start = cast(:start as date)
order by p.edition
