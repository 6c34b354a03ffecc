-- grain: one row for each mark that is deleted: a source and a month that are computed now
-- source: ops.dirty_month
-- traps: a mark that another transaction holds stays, because a load holds several marks at once, in an order of its own

delete from ops.dirty_month as d
where (d.source_code, d.month_start) in (
    select
        f.source_code,
        f.month_start
    from ops.dirty_month as f
    where (f.source_code, f.month_start) in (
        select
            k.source_code,
            k.month_start
        from unnest(cast(:sources as text[]), cast(:months as date[])) as k (source_code, month_start)
    )
    for update skip locked
)
