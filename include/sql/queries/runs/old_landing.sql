-- grain: one row for each folder of the landing whose newest load is older than `before`
-- source: ops.load, ops.extract
-- traps: a folder that a run still works on stays, however old it is

select l.landing_path
from ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
where l.landing_path is not null
group by l.landing_path
having max(coalesce(l.ended_at, e.ended_at, l.started_at)) < cast(:before as timestamptz) and not bool_or(e.status = 'running')
order by l.landing_path
