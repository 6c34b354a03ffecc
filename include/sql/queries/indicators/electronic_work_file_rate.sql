-- grain: one row for each closed work file: unit_code, counted_on, item, is_numerator
-- source: core.work_file; plan 53, targets T35, T36 (section 6.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every work file closed in the period that is neither secret (DoMat is thuong) nor special (DacThu is false).
--        The numerator is those handled electronically (dien_tu)
-- clocks: the time of closing lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier).
--        Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: secret work files are never stored. A file whose secrecy or special mark is missing does not count. The unit is that of the
--        file itself

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
