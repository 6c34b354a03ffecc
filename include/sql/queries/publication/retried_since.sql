-- grain: one row for each source of which rows have come back from quarantine after `moment`, under a T up to it
-- source: ops.extract, ops.load
-- traps: a retry loads rows under their first T, so the warehouse as known at the moment has them, and nobody had them then. What was read
--        again for a withdrawal or `cchc reload` is no such row: the past puts back what stood before

select
    x.source_code,
    sum(n.inserted + n.updated) as row_count
from ops.extract as x
inner join ops.load as n on x.extract_id = n.extract_id
inner join ops.load as o on n.retry_of = o.load_id
where
    x.kind = 'retry'
    and x.status = 'complete'
    and x.window_to <= cast(:moment as timestamptz)
    and x.started_at > cast(:moment as timestamptz)
    and o.status <> 'withdrawn'
    and n.inserted + n.updated > 0
group by x.source_code
order by x.source_code
