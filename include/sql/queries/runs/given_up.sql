-- grain: one row for each unpublished load of the runs of a source before `:extract_id`, which no later run continues
-- source: ops.load, ops.extract

update ops.load as l set status = 'given_up'
from ops.extract as e
where
    l.extract_id = e.extract_id
    and l.source_code = :source and e.kind = 'ingest' and e.status in ('superseded', 'failed') and e.extract_id < :extract_id
    and l.status in ('landed', 'staged', 'validated')
