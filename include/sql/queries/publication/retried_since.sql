-- grain: one row for each source of which rows have come back from quarantine after `moment`, under a T up to it
-- source: ops.extract, ops.load, ops.withdrawn_load, ops.withdrawal
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
    and x.status in ('complete', 'withdrawn')
    and x.window_to <= cast(:moment as timestamptz)
    and x.started_at > cast(:moment as timestamptz)
    and n.inserted + n.updated > 0
    and not exists (
        select 1
        from ops.withdrawn_load as d
        inner join ops.withdrawal as w on d.withdrawal_id = w.withdrawal_id
        where d.load_id = o.load_id and w.withdrawn_at <= x.ended_at
    )
group by x.source_code
order by x.source_code
