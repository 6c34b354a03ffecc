-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.feedback; plan 53 T23 (2.1); indicators.md §4
-- traps: by the day of the answer, not of the rating; not rated: in neither side; a repeat through another channel never counts

select
    f.unit_code,
    cast(f.answered_at at time zone cast(:zone as text) as date) as counted_on,
    f.feedback_code as item,
    f.rating_code = 'hai_long' as is_numerator
from core.feedback as f
where
    f.source_code = cast(:source as text)
    and f.is_about_procedures
    and f.repeated_code is null
    and f.answered_at >= cast(:start_at as timestamptz)
    and f.answered_at < cast(:end_at as timestamptz)
    and f.rating_code is not null
