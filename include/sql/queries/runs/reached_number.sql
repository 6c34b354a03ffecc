-- grain: one row for each entity whose changes are asked for by number: the number that its newest complete extract up to a moment reached
-- source: ops.load (the manifest of its landing), ops.extract
-- traps: the moment is that of the manifest, because the row of an extract is dated anew where T is set back. It is not the greatest
--        number of all: where a source numbers anew, a full extract begins with the new numbers. A load that was withdrawn counts too,
--        because its window is not asked for again by itself

select distinct on (l.entity)
    l.entity,
    l.manifest ->> 'sequence_field' as field,
    cast(l.manifest ->> 'sequence_to' as bigint) as reached
from ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
where
    l.source_code = :source
    and l.status in ('loaded', 'withdrawn')
    and e.kind = 'ingest'
    and e.status = 'complete'
    and cast(l.manifest ->> 'window_to' as timestamptz) <= cast(:until as timestamptz)
    and l.manifest ->> 'sequence_to' is not null
order by l.entity asc, cast(l.manifest ->> 'window_to' as timestamptz) desc, e.extract_id desc
