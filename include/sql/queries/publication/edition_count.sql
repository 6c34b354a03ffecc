-- grain: one row for each indicator, basis and source of an edition whose items depend on single dossiers
-- source: bind values (cchc.publication.changed_dossiers)

insert into ops.edition_count (publication_id, indicator_code, basis, source_code, context)
select
    cast(:publication_id as bigint) as publication_id,
    c.indicator_code,
    c.basis,
    c.source_code,
    c.context
from jsonb_to_recordset(cast(:counted as jsonb)) as c (indicator_code text, basis text, source_code text, context text)
order by c.indicator_code, c.basis, c.source_code
