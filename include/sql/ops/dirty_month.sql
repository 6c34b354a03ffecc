-- grain: one row for each source and month to compute again
-- source: bind values, one set for each month

insert into ops.dirty_month (source_code, month_start, reason, marked_at)
values (:source, :month, :reason, :now)
on conflict (source_code, month_start) do update set reason = excluded.reason, marked_at = excluded.marked_at
