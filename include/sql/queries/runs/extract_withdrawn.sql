-- grain: one row for each extract without files of which loads were withdrawn and none counts: it covers nothing any more
-- source: ops.load, ops.extract
-- traps: its loads may have been read again before, under another extract, and withdrawn there

update ops.extract as e set status = 'withdrawn'
where
    e.status = 'complete'
    and e.extract_id in (
        select x.extract_id
        from ops.load as l
        inner join ops.extract as o on l.extract_id = o.extract_id
        cross join lateral (values (o.extract_id), (o.retry_of)) as x (extract_id)
        where l.load_id = any(cast(:load_ids as bigint [])) and (l.file_name is null or l.manifest ->> 'asked_day' is not null)
    )
    and not exists (select 1 from ops.load as l where l.extract_id = e.extract_id and l.status = 'loaded')
