-- grain: one row for each run, with whether its folder in the landing can go: it ended before `before`, and no load has its landing any more
-- source: ops.extract, ops.load
-- traps: a run that was killed before it registered its loads has none, and left folders all the same. A retry reads the folders of the
--        run that it retries

select
    e.source_code,
    e.extract_id,
    e.status <> 'running'
    and coalesce(e.ended_at, e.started_at) < cast(:before as timestamptz)
    and not exists (
        select 1
        from ops.load as l
        where l.landing_path like e.source_code || '/' || lpad(cast(e.extract_id as text), 8, '0') || '/%'
    ) as is_over
from ops.extract as e
