-- grain: one row for each answered and rated feedback item: unit_code, counted_on, item, is_numerator
-- source: core.feedback; plan 53, target T23 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is feedback about procedures that was answered in the period and rated. The numerator is those rated hai_long
-- clocks: the time of the answer (not of the rating) lies at or after start_at and before end_at (J, the end of the period, or known_at
--        if that is earlier). Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: an item without a rating is neither in the numerator nor in the denominator. A repeat of another item (MaTrung) never counts

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
