-- grain: one row for each work file that was closed in the days that a publication counts
-- source: core.work_file

select
    w.source_code,
    w.work_file_code,
    w.unit_code,
    cast(w.closed_at at time zone cast(:zone as text) as date) as closed_date,
    w.secrecy_code,
    w.is_special,
    w.handling_code
from core.work_file as w
where
    w.source_code = cast(:source as text)
    and w.closed_at >= cast(:start_at as timestamptz)
    and w.closed_at < cast(:end_at as timestamptz)
