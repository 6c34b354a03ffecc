-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.feedback; plan 53 T22 (2.1); indicators.md §4
-- traps: answered in the period, or unanswered at D and due in it: an item due in May and answered late in June is late in both months.
--        Judged by date; a repeat through another channel never counts; handed on (chuyen_don_vi) and unanswered: in neither side

with item as (
    select
        f.unit_code,
        f.feedback_code,
        f.status_code,
        cast(f.due_at at time zone cast(:zone as text) as date) as due_date,
        case when f.answered_at < cast(:end_at as timestamptz) then f.answered_at end as answered_at
    from core.feedback as f
    where
        f.source_code = cast(:source as text)
        and f.is_about_procedures
        and f.repeated_code is null
        and f.due_at is not null
)

select
    i.unit_code,
    coalesce(cast(i.answered_at at time zone cast(:zone as text) as date), i.due_date) as counted_on,
    i.feedback_code as item,
    coalesce(cast(i.answered_at at time zone cast(:zone as text) as date) <= i.due_date, false) as is_numerator
from item as i
where
    i.answered_at >= cast(:start_at as timestamptz)
    or (
        i.answered_at is null
        and i.status_code <> 'chuyen_don_vi'
        and i.due_date >= cast(:start_date as date)
        and i.due_date <= cast(:last_day as date)
    )
