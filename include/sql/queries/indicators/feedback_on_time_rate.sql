-- grain: one row for each feedback item that was answered in the period, or was due in it and is not answered: unit_code, counted_on,
--        item, is_numerator
-- source: core.feedback; plan 53, target T22 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is feedback about procedures with a due that was answered in the period, or is unanswered on the last day and
--        was due in the period. The numerator is those answered on or before the local date of their due
-- clocks: an answer counts at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier); a later
--        answer is not known yet. An unanswered item is due from start_date to last_day (D, the last counted day of the period), both
--        included. Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: an item that was due in May and answered late in June is late in both months. A repeat of another item (MaTrung) never counts.
--        An unanswered item that was handed on to another unit (chuyen_don_vi) is neither in the numerator nor in the denominator

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
