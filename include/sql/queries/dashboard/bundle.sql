-- grain: one row for an edition that has bundles, none for another
-- source: mart.publication_bundle

select
    b.content_sha256,
    b.manifest_sha256
from mart.publication_bundle as b
where b.publication_id = cast(:p as bigint)
