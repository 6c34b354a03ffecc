-- grain: one row for each edition that was frozen with its bundle: its folder below CCHC_HOME, and the hash of its manifest
-- source: mart.publication_bundle

select
    path,
    manifest_sha256
from mart.publication_bundle
