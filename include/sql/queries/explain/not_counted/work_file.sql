-- grain: one row for each work file that was opened or closed in the period: unit_code, counted_on, item, reason
-- source: core.work_file_version, core.duplicate_record
-- counts: every work file in force. The statement around this one takes away what the indicator's own SQL counts; `reason` says of the
--        others what they lack
-- traps: a reason is the first that applies. Secret work files are never stored, so none is listed

select
    w.unit_code,
    cast(coalesce(w.closed_at, w.opened_at) at time zone cast(:zone as text) as date) as counted_on,
    w.work_file_code as item,
    case
        when w._failed_rules is not null then 'critical'
        when d.key is not null then 'duplicate_source'
        when w.closed_at is null or w.closed_at >= cast(:end_at as timestamptz) then 'not_closed'
        when coalesce(w.secrecy_code <> 'thuong', true) then 'secrecy'
        when coalesce(w.is_special, true) then 'special'
        else 'definition'
    end as reason
from core.work_file_version as w
left join core.duplicate_record as d on d.model = 'work_file' and w.source_code = d.source_code and w.work_file_code = d.key
where
    w.source_code = cast(:source as text)
    and w._is_current
    and (
        (w.closed_at >= cast(:start_at as timestamptz) and w.closed_at < cast(:end_at as timestamptz))
        or (
            w.opened_at >= cast(:start_at as timestamptz) and w.opened_at < cast(:end_at as timestamptz)
            and (w.closed_at is null or w.closed_at >= cast(:end_at as timestamptz))
        )
    )
