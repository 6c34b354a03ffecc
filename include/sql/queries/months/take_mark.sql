-- grain: one row for each mark that is deleted: a source and a month that are computed now
-- source: ops.dirty_month
-- traps: it waits for a load that holds one of them, and then deletes the mark of that load, too

delete from ops.dirty_month as d
where (d.source_code, d.month_start) in (
    select
        k.source_code,
        k.month_start
    from unnest(cast(:sources as text[]), cast(:months as date[])) as k (source_code, month_start)
)
