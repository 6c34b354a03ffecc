-- grain: one row for each edition that was frozen with its bundle: its folder below CCHC_HOME
-- source: mart.publication_bundle

select path
from mart.publication_bundle
