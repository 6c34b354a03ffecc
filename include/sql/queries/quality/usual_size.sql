-- grain: one row: how many loads of the same entity and kind (full or window) were published, and the median of their rows
-- source: ops.load

select
    count(*) as past,
    percentile_cont(0.5) within group (order by past.staged) as median
from ops.load as past
inner join ops.load as this
    on
        this.load_id = :load_id and past.source_code = this.source_code and past.entity = this.entity
        and past.load_id <> this.load_id and (past.window_from is null) = (this.window_from is null)
where past.status = 'loaded'
