-- grain: one row for each month for which a load asks Airflow for a refresh
-- source: ops.dirty_month
-- counts: the months that a source has marked, without those whose refresh another load has asked for since asked_since and that still
--        wait: the run that comes for them takes every mark of its month
-- traps: the caller has committed its marks before. An earlier request of the same extract does not count: a task that is tried again
--        does not know whether its first request has arrived

with waits as (
    select
        d.month_start,
        bool_or(d.asked_at > cast(:asked_since as timestamptz) and d.asked_by <> cast(:extract as bigint)) as is_asked
    from ops.dirty_month as d
    group by d.month_start
),

asked as (
    update ops.dirty_month as d
    set
        asked_at = cast(:now as timestamptz),
        asked_by = cast(:extract as bigint)
    from waits as w
    where d.source_code = cast(:source as text) and w.month_start = d.month_start and w.is_asked is not true
    returning d.month_start
)

select to_char(a.month_start, 'YYYY-MM') as month
from asked as a
order by a.month_start
