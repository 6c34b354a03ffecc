-- grain: one row for each count of a half month that is taken away, because it is made again
-- source: ops.half_month_count
-- traps: `units` null means all units of the half month

delete from ops.half_month_count as c
using
    jsonb_to_recordset(cast(:stale as jsonb)) as s (context text, half_month date, units text[])
where
    c.source_code = cast(:source as text)
    and c.context = s.context
    and c.half_month = s.half_month
    and (s.units is null or c.unit_code = any(s.units))
