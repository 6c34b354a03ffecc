-- grain: one row for each half month that was counted
-- source: bind values

insert into ops.half_month_counted (context, source_code, half_month, indicator_code, end_at, changes, counted_at)
select
    s.context,
    cast(:source as text) as source_code,
    s.half_month,
    s.indicator_code,
    s.end_at,
    s.changes,
    cast(:now as timestamptz) as counted_at
from jsonb_to_recordset(cast(:stale as jsonb)) as s (
    context text, half_month date, indicator_code text, end_at timestamptz, changes jsonb
)
on conflict (context, source_code, half_month) do update set
    end_at = excluded.end_at,
    changes = excluded.changes,
    counted_at = excluded.counted_at
