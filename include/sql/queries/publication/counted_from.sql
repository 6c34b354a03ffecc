-- grain: one row for each indicator, basis and source of an edition whose items depend on single dossiers
-- source: ops.edition_count

select
    c.indicator_code,
    c.basis,
    c.source_code,
    c.context
from ops.edition_count as c
where c.publication_id = cast(:publication_id as bigint)
