-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.work_file; plan 53 T35, T36 (6.1); indicators.md §4
-- traps: secret files never come this far; special ones are left out; by the file's own unit

select
    w.unit_code,
    cast(w.closed_at at time zone cast(:zone as text) as date) as counted_on,
    w.work_file_code as item,
    coalesce(w.handling_code = 'dien_tu', false) as is_numerator
from core.work_file as w
where
    w.source_code = cast(:source as text)
    and w.closed_at >= cast(:start_at as timestamptz)
    and w.closed_at < cast(:end_at as timestamptz)
    and w.secrecy_code = 'thuong'
    and w.is_special = false
